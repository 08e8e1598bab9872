import { DepthFault, limits, SyntaxFault } from "./faults.ts"
import { readNumber } from "./number-literals.ts"
import { decodeBytes, decodeString } from "./string-literals.ts"
import { characterAt, keywords, operatorAt, type Token, type TokenPart } from "./tokens.ts"

/** All tokens of a source, ending with one of kind `end`, and the innermost bracket that is never closed. */
export interface Lexed {
  readonly tokens: readonly Token[]
  readonly unclosed: { readonly text: string; readonly start: number } | undefined
}

/** Reads a whole source into tokens; throws a SyntaxFault with Python's words for what no token can be. */
export const lex = (source: string): Lexed => {
  const state: State = { source, at: 0, open: [], strings: 0 }
  const tokens = readTokens(state, () => false)
  tokens.push(token(state, "end", source.length, source.length))
  return { tokens, unclosed: state.open.at(-1) }
}

interface State {
  readonly source: string
  at: number
  readonly open: { readonly text: string; readonly start: number }[]
  /** How many f-strings are open around the position. */
  strings: number
}

const closers: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" }

const token = (state: State, kind: Token["kind"], start: number, end: number, value: Token["value"] = null): Token => ({
  kind,
  text: state.source.slice(start, end),
  start,
  end,
  level: state.open.length,
  value,
  parts: [],
})

/** Reads tokens until the source ends or the operator at the position is where the caller wants to stop. */
const readTokens = (state: State, stopsAt: (operator: string) => boolean): Token[] => {
  const tokens: Token[] = []
  for (;;) {
    skipSpace(state)
    if (state.at >= state.source.length) return tokens
    const operator = operatorAt(state.source, state.at)
    if (operator !== undefined && stopsAt(operator)) return tokens
    tokens.push(readToken(state, operator))
  }
}

const skipSpace = (state: State): void => {
  const { source } = state
  for (; state.at < source.length; state.at++) {
    const character = source[state.at]
    if (character === "#") {
      while (state.at < source.length && source[state.at] !== "\n") state.at++
      if (state.strings > 0) throw new SyntaxFault("f-string expression part cannot include '#'", state.at, state.at)
    } else if (character === "\\") {
      const rest = /^\\(?:\r\n|\n|\r)/.exec(source.slice(state.at, state.at + 3))?.[0]
      if (rest === undefined)
        throw new SyntaxFault("unexpected character after line continuation character", state.at + 1, state.at + 1, true)
      state.at += rest.length - 1
    } else if (character !== " " && character !== "\t" && character !== "\n" && character !== "\r" && character !== "\f") return
  }
}

const readToken = (state: State, operator: string | undefined): Token => {
  const { source, at } = state
  const character = characterAt(source, at)
  if (/[0-9]/.test(character) || (character === "." && /[0-9]/.test(source[at + 1] ?? ""))) {
    const { end, value } = readNumber(source, at)
    state.at = end
    return token(state, value === null ? "imaginary" : "number", at, end, value)
  }
  const prefix = /^(?:[rR]?[bBfF]?|[bBfF][rR]|[uU])(?=["'])/.exec(source.slice(at, at + 3))?.[0]
  if (prefix !== undefined) return readString(state, prefix.toLowerCase())
  if (/[\p{ID_Start}_]/u.test(character)) return readName(state)
  if (operator !== undefined) return readOperator(state, operator)
  return readUnknown(state, character)
}

const readName = (state: State): Token => {
  const start = state.at
  const pattern = /[\p{ID_Continue}_]*/uy
  pattern.lastIndex = start
  const text = pattern.exec(state.source)?.[0] ?? ""
  state.at = start + text.length
  const read = token(state, keywords.has(text) ? "keyword" : "name", start, state.at)
  // Python compares names in their NFKC form.
  return { ...read, text: text.normalize("NFKC") }
}

/** Signs that no expression has (`$`, `?`) reach the parser as operators, so that it says where it stopped. */
const readUnknown = (state: State, character: string): Token => {
  const { at } = state
  const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")
  if (/[\p{C}\p{Z}]/u.test(character)) throw new SyntaxFault(`invalid non-printable character U+${point}`, at, at)
  if (character > "\x7f") throw new SyntaxFault(`invalid character '${character}' (U+${point})`, at, at)
  state.at++
  return token(state, "operator", at, state.at)
}

const readOperator = (state: State, operator: string): Token => {
  const start = state.at
  const opener = closers[operator]
  if (opener !== undefined) closeBracket(state, operator, opener)
  else if (operator === "(" || operator === "[" || operator === "{") state.open.push({ text: operator, start })
  state.at += operator.length
  return token(state, "operator", start, state.at)
}

const closeBracket = (state: State, closer: string, opener: string): void => {
  const open = state.open.pop()
  const name = state.strings > 0 ? "f-string: " : ""
  if (open === undefined || (open.text === "f{" && closer !== "}"))
    throw new SyntaxFault(`${name}unmatched '${closer}'`, state.at, state.at)
  if (open.text === opener) return
  const lines = state.source.slice(0, state.at).split("\n").length - state.source.slice(0, open.start).split("\n").length
  const line = lines > 0 ? ` on line ${state.source.slice(0, open.start).split("\n").length}` : ""
  const message = `closing parenthesis '${closer}' does not match opening parenthesis '${open.text}'${line}`
  throw new SyntaxFault(message, state.at, state.at)
}

const readString = (state: State, prefix: string): Token => {
  const start = state.at
  const quoteAt = start + prefix.length
  const single = state.source[quoteAt] ?? ""
  const quote = state.source.startsWith(single.repeat(3), quoteAt) ? single.repeat(3) : single
  state.at = quoteAt + quote.length
  if (prefix.includes("f")) return readFormatted(state, start, quote, prefix.includes("r"))
  const inside = state.at
  while (!state.source.startsWith(quote, state.at)) {
    if (endsString(state, quote)) throw unterminated(state, start, quote, "")
    state.at += state.source[state.at] === "\\" ? 2 : 1
  }
  const text = state.source.slice(inside, state.at).replaceAll(/\r\n?/g, "\n")
  state.at += quote.length
  if (prefix.includes("b"))
    return token(state, "bytes", start, state.at, decodeBytes(text, prefix.includes("r"), start, state.at))
  return token(state, "string", start, state.at, prefix === "r" ? text : decodeString(text, start, state.at))
}

const endsString = (state: State, quote: string): boolean =>
  state.at >= state.source.length || (quote.length === 1 && state.source[state.at] === "\n")

const unterminated = (state: State, start: number, quote: string, kind: string): SyntaxFault => {
  const line = state.source.slice(0, state.at).split("\n").length
  const name = quote.length === 3 ? `unterminated triple-quoted ${kind}string literal` : `unterminated ${kind}string literal`
  return new SyntaxFault(`${name} (detected at line ${line})`, start, start)
}

const readFormatted = (state: State, start: number, quote: string, isRaw: boolean): Token => {
  if (state.strings >= limits.depth) throw new DepthFault()
  const parts = readParts(state, start, quote, isRaw, false)
  state.at += quote.length
  return { ...token(state, "formatted", start, state.at), parts }
}

/** The pieces of an f-string up to its closing quote, or of a format up to its closing brace. */
const readParts = (state: State, start: number, quote: string, isRaw: boolean, isFormat: boolean): readonly TokenPart[] => {
  const parts: TokenPart[] = []
  let from = state.at
  const keepText = (end: number): void => {
    const text = state.source.slice(from, end).replaceAll(/\r\n?/g, "\n")
    if (text !== "") parts.push(isRaw ? text : decodeString(text, start, state.at))
  }
  while (isFormat ? state.source[state.at] !== "}" : !state.source.startsWith(quote, state.at)) {
    if (endsString(state, quote) || (isFormat && state.source.startsWith(quote, state.at)))
      throw unterminated(state, start, quote, "f-")
    const character = state.source[state.at]
    if ((character === "{" || character === "}") && state.source[state.at + 1] === character && !isFormat) {
      keepText(state.at + 1)
      state.at += 2
      from = state.at
    } else if (character === "{") {
      keepText(state.at)
      parts.push(readInterpolation(state, start, quote, isRaw))
      from = state.at
    } else if (character === "}") {
      throw new SyntaxFault("f-string: single '}' is not allowed", state.at, state.at)
    } else state.at += character === "\\" && !/[{}]/.test(state.source[state.at + 1] ?? "") ? 2 : 1
  }
  keepText(state.at)
  return parts
}

/** `{value=!r:format}`, from its opening brace to after its closing one. */
const readInterpolation = (state: State, start: number, quote: string, isRaw: boolean): TokenPart => {
  if (state.strings >= limits.depth) throw new DepthFault()
  const bracket = state.at
  const depth = state.open.push({ text: "f{", start: bracket })
  state.strings++
  state.at++
  const tokens = readTokens(
    state,
    (operator) => state.open.length === depth && (operator === "}" || operator === "!" || operator.startsWith(":")),
  )
  const label = takeLabel(state, tokens, bracket)
  if (tokens.length === 0) {
    const found = state.source[state.at] ?? ""
    throw new SyntaxFault(`f-string: valid expression required before '${found}'`, state.at, state.at + 1)
  }
  tokens.push(token(state, "end", state.at, state.at))
  const conversion = readConversion(state)
  let format: readonly TokenPart[] | null = null
  if (state.source[state.at] === ":") {
    state.at++
    format = readParts(state, start, quote, isRaw, true)
  }
  if (state.source[state.at] !== "}") throw new SyntaxFault("f-string: expecting '}'", state.at, state.at + 1)
  state.at++
  state.open.pop()
  state.strings--
  return { tokens, label, conversion: conversion ?? (label !== null && format === null ? "r" : null), format }
}

const takeLabel = (state: State, tokens: Token[], bracket: number): string | null => {
  if (tokens.length < 2 || tokens.at(-1)?.text !== "=") return null
  tokens.pop()
  return state.source.slice(bracket + 1, state.at)
}

const readConversion = (state: State): "r" | "s" | "a" | null => {
  if (state.source[state.at] !== "!") return null
  const name = /^[\p{ID_Start}_]?[\p{ID_Continue}_]*/u.exec(state.source.slice(state.at + 1))?.[0] ?? ""
  const start = state.at + 1
  state.at = start + name.length
  if (name === "r" || name === "s" || name === "a") {
    skipSpace(state)
    return name
  }
  if (name === "") throw new SyntaxFault("f-string: missing conversion character", start, start + 1)
  const message = `f-string: invalid conversion character '${name}': expected 's', 'r', or 'a'`
  throw new SyntaxFault(message, start, start + name.length)
}
