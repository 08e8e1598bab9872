/** The words and signs of a query's source. `level` counts the brackets open after the token, as Python's tokenizer does. */
export interface Token {
  readonly kind: "name" | "keyword" | "number" | "imaginary" | "string" | "bytes" | "formatted" | "operator" | "end"
  readonly text: string
  readonly start: number
  readonly end: number
  readonly level: number
  /** What a number, string or bytes token stands for. */
  readonly value: bigint | number | string | Uint8Array | null
  readonly parts: readonly TokenPart[]
}

/** A piece of an f-string: text, or an expression's own tokens with how to show its value. */
export type TokenPart =
  | string
  | {
      readonly tokens: readonly Token[]
      /** The text before the value where it is asked for with `=`. */
      readonly label: string | null
      readonly conversion: "r" | "s" | "a" | null
      readonly format: readonly TokenPart[] | null
    }

export const keywords: ReadonlySet<string> = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if " +
    "import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
)

/** Operators, longest first. `!` stands alone only inside f-strings. */
const operators = (
  "**= //= >>= <<= ... != <> == <= >= << >> ** // -> := += -= *= /= %= &= |= ^= @= " +
  "+ - * / % @ & | ^ ~ < > ( ) [ ] { } , : . ; = !"
).split(" ")

const byFirst = new Map<string, readonly string[]>()
for (const operator of operators) {
  const first = operator.slice(0, 1)
  byFirst.set(first, [...(byFirst.get(first) ?? []), operator])
}

/** The operator that stands at a position of the source, if any. */
export const operatorAt = (source: string, at: number): string | undefined =>
  byFirst.get(source[at] ?? "")?.find((operator) => source.startsWith(operator, at))

/** The character at a position, which may take two UTF-16 units. */
export const characterAt = (source: string, at: number): string => {
  const point = source.codePointAt(at)
  return point === undefined ? "" : String.fromCodePoint(point)
}
