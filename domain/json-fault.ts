/** What is wrong with a JSON text, and at which UTF-16 unit. It does not leave the reader. */
export class JsonFault extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** The fault as Python words it, with its line, column and offset counted as Python does: in code points. */
export const faultText = (text: string, { message, at }: JsonFault): string => {
  const before = text.slice(0, at)
  const line = before.split("\n").length
  const column = lengthInCodePoints(before.slice(before.lastIndexOf("\n") + 1)) + 1
  return `${message}: line ${line} column ${column} (char ${lengthInCodePoints(before)})`
}

const lengthInCodePoints = (text: string): number => {
  let length = 0
  for (let at = 0; at < text.length; at += text.codePointAt(at)! > 0xffff ? 2 : 1) length++
  return length
}
