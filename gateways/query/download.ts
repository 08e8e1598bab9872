/** Headers of downloads: which bytes are asked for, and under which name they are to be saved. */

/**
 * The bytes that a `Range` header asks for (RFC 9110, section 14); null for the whole: no header, another unit, several
 * ranges or one that cannot be read.
 */
export const byteRange = (
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | null => {
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "")
  if (parts === null) return null
  const [, from = "", to = ""] = parts
  if (from === "" && to === "") return null
  if (from === "")
    return to === "" || Number(to) === 0 || size === 0 ? "unsatisfiable" : { start: Math.max(0, size - Number(to)), end: size }
  const start = Number(from)
  if (to !== "" && Number(to) < start) return null
  return start >= size ? "unsatisfiable" : { start, end: to === "" ? size : Math.min(size, Number(to) + 1) }
}

/** `Content-Disposition` of a download: the plain name, and where that cannot say it, the encoded one (RFC 6266, RFC 8187). */
export const contentDisposition = (name: string): string => {
  const wellFormed = name.toWellFormed()
  const plain = wellFormed.replaceAll(/[^\x20-\x7e]|["\\]/g, "_")
  if (plain === wellFormed) return `attachment; filename="${plain}"`
  const encoded = encodeURIComponent(wellFormed).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
