/** The text that is parsed: without a leading `SELECT … IF`, trimmed, in brackets so that lines may break; "" for none. */
export const prepare = (text: string): string => {
  const bare = (/^select/i.test(text) ? (/if(.*)$/is.exec(text)?.[1] ?? "") : text).trim()
  return bare === "" ? "" : `(${bare})`
}
