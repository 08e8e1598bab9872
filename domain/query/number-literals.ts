import { SyntaxFault } from "./faults.ts"

/** Python reads no longer ints in decimal. */
const mostDigits = 4_300

/** A number at `start` in the source: its text's end and its value; an imaginary one has no value. */
export interface NumberLiteral {
  readonly end: number
  readonly value: bigint | number | null
}

const radixes = { x: ["hexadecimal", 16], o: ["octal", 8], b: ["binary", 2] } as const

/** Reads a number as Python's tokenizer does, with its words for what is wrong. */
export const readNumber = (source: string, start: number): NumberLiteral => {
  const prefix = source[start] === "0" ? source[start + 1]?.toLowerCase() : undefined
  return prefix === "x" || prefix === "o" || prefix === "b" ? readRadix(source, start, prefix) : readDecimal(source, start)
}

const readRadix = (source: string, start: number, prefix: "x" | "o" | "b"): NumberLiteral => {
  const [name, radix] = radixes[prefix]
  const isDigit = (at: number): boolean => Number.parseInt(source[at] ?? "", radix) >= 0
  let at = start + 2
  do {
    if (source[at] === "_") at++
    if (!isDigit(at)) throw wrongDigit(source, at, name)
    while (isDigit(at)) at++
  } while (source[at] === "_")
  if (/\d/.test(source[at] ?? "")) throw wrongDigit(source, at, name)
  refuseSuffix(source, at, name)
  return { end: at, value: BigInt(source.slice(start, at).replaceAll("_", "")) }
}

const wrongDigit = (source: string, at: number, name: string): SyntaxFault =>
  /\d/.test(source[at] ?? "")
    ? new SyntaxFault(`invalid digit '${source[at]}' in ${name} literal`, at, at)
    : new SyntaxFault(`invalid ${name} literal`, at - 1, at - 1)

/** The end of digits with single underscores between them. */
const readDigits = (source: string, start: number): number => {
  let at = start
  for (;;) {
    while (isDecimalDigit(source[at])) at++
    if (source[at] !== "_") return at
    if (!isDecimalDigit(source[at + 1])) throw new SyntaxFault("invalid decimal literal", at, at)
    at++
  }
}

const readDecimal = (source: string, start: number): NumberLiteral => {
  const integerEnd = source[start] === "." ? start : readDigits(source, start)
  let at = integerEnd
  if (source[at] === ".") at = isDecimalDigit(source[at + 1]) ? readDigits(source, at + 1) : at + 1
  at = readExponent(source, at)
  const digits = source.slice(start, at).replaceAll("_", "")
  if (/[jJ]/.test(source[at] ?? "")) {
    refuseSuffix(source, at + 1, "imaginary")
    return { end: at + 1, value: null }
  }
  const isInt = at === integerEnd
  if (isInt && digits.length > 1 && digits.startsWith("0") && /[1-9]/.test(digits)) {
    const zeros = /^[0_]*/.exec(source.slice(start, at))?.[0].length ?? 1
    const message = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers"
    throw new SyntaxFault(message, start, start + zeros)
  }
  refuseSuffix(source, at, "decimal")
  if (isInt && digits.length > mostDigits) {
    const message = `Exceeds the limit (${mostDigits} digits) for integer string conversion: value has ${digits.length} digits`
    throw new SyntaxFault(message, start, at)
  }
  return { end: at, value: isInt ? BigInt(digits) : Number(digits) }
}

const readExponent = (source: string, at: number): number => {
  if (source[at] !== "e" && source[at] !== "E") return at
  const sign = source[at + 1] === "+" || source[at + 1] === "-" ? 1 : 0
  return isDecimalDigit(source[at + 1 + sign]) ? readDigits(source, at + 1 + sign) : at
}

/** A word right after a number is refused, but for the keywords that Python still lets stand there (`1if x else 2`). */
const refuseSuffix = (source: string, at: number, name: string): void => {
  const character = source[at] ?? ""
  if (!/[\p{L}_]/u.test(character)) return
  if (/^(?:and|else|for|if|in|is|not|or)/.test(source.slice(at, at + 4))) return
  throw new SyntaxFault(`invalid ${name} literal`, at - 1, at - 1)
}

const isDecimalDigit = (character: string | undefined): boolean => character !== undefined && character >= "0" && character <= "9"
