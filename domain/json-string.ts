import { JsonFault } from "./json-fault.ts"

const quote = 0x22
const backslash = 0x5c

/** A string with escapes, whose text begins at `start`, the first of them at `firstEscape`; `end` is after its quote. */
export const readEscaped = (
  text: string,
  start: number,
  firstEscape: number,
): { readonly value: string; readonly end: number } => {
  const pieces = [text.slice(start, firstEscape)]
  let plain = firstEscape
  for (let at = firstEscape; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return { value: pieces.join("") + text.slice(plain, at), end: at + 1 }
    if (code < 0x20) throw new JsonFault("Invalid control character at", at)
    if (code !== backslash) continue
    pieces.push(text.slice(plain, at), escapeAt(text, at, start))
    at += text[at + 1] === "u" ? 5 : 1
    plain = at + 1
  }
  throw unterminated(start)
}

/** What the escape at a backslash stands for: one UTF-16 unit. */
const escapeAt = (text: string, at: number, start: number): string => {
  const letter = text[at + 1]
  if (letter === undefined) throw unterminated(start)
  if (letter === "u") {
    const digits = text.slice(at + 2, at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new JsonFault("Invalid \\uXXXX escape", at + 1)
    return String.fromCharCode(Number.parseInt(digits, 16))
  }
  const meaning = escapes.get(letter)
  if (meaning === undefined) throw new JsonFault("Invalid \\escape", at)
  return meaning
}

const unterminated = (start: number): JsonFault => new JsonFault("Unterminated string starting at", start - 1)

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
])
