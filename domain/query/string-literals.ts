import { SyntaxFault } from "./faults.ts"

const simple: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
}

/** The text of a str literal's inside, with its escapes read. `start` and `end` name the literal in errors. */
export const decodeString = (inside: string, start: number, end: number): string =>
  decode(inside, (escape, at) => readUnicodeEscape(escape, inside, at, start, end))

/** The bytes of a bytes literal's inside. */
export const decodeBytes = (inside: string, isRaw: boolean, start: number, end: number): Uint8Array => {
  for (const character of inside)
    if (character > "\x7f") throw new SyntaxFault("bytes can only contain ASCII literal characters", start, end)
  if (isRaw) return Uint8Array.from(inside, (character) => character.charCodeAt(0))
  const text = decode(inside, (escape, at) => {
    if (escape !== "x") return undefined
    const digits = /^[0-9a-fA-F]{2}/.exec(inside.slice(at + 2, at + 4))?.[0]
    if (digits === undefined) throw new SyntaxFault(`(value error) invalid \\x escape at position ${at}`, start, end)
    return [String.fromCharCode(Number.parseInt(digits, 16)), 4]
  })
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff)
}

type Escape = readonly [text: string, length: number]

/** Reads escapes; `special` may know more than the common ones, and an unknown escape stays as it is written. */
const decode = (inside: string, special: (escape: string, at: number) => Escape | undefined): string => {
  if (!inside.includes("\\")) return inside
  const pieces: string[] = []
  let from = 0
  for (let at = inside.indexOf("\\"); at !== -1; at = inside.indexOf("\\", from)) {
    const [text, length] = readEscape(inside, at, special)
    pieces.push(inside.slice(from, at), text)
    from = at + length
  }
  pieces.push(inside.slice(from))
  return pieces.join("")
}

const readEscape = (inside: string, at: number, special: (escape: string, at: number) => Escape | undefined): Escape => {
  const escape = inside[at + 1] ?? ""
  const known = simple[escape]
  if (known !== undefined) return [known, 2]
  const octal = /^[0-7]{1,3}/.exec(inside.slice(at + 1, at + 4))?.[0]
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8)), 1 + octal.length]
  return special(escape, at) ?? ["\\" + escape, 1 + escape.length]
}

const lengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

const readUnicodeEscape = (escape: string, inside: string, at: number, start: number, end: number): Escape | undefined => {
  const fault = (last: number, why: string): SyntaxFault =>
    new SyntaxFault(`(unicode error) 'unicodeescape' codec can't decode bytes in position ${at}-${at + last}: ${why}`, start, end)
  if (escape === "N") throw fault(inside.slice(at).indexOf("}"), "unknown Unicode character name")
  const length = lengths[escape]
  if (length === undefined) return undefined
  const digits = /^[0-9a-fA-F]*/.exec(inside.slice(at + 2, at + 2 + length))?.[0] ?? ""
  if (digits.length < length)
    throw fault(1 + digits.length, `truncated \\${escape}${escape === "x" ? "XX" : escape === "u" ? "XXXX" : "XXXXXXXX"} escape`)
  const point = Number.parseInt(digits, 16)
  if (point > 0x10ffff) throw fault(9, "illegal Unicode character")
  return [String.fromCodePoint(point), 2 + length]
}
