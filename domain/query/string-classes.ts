import type { Method } from "./arguments.ts"
import { isPrintable } from "./repr.ts"
import { allSpace, codePoints, isAscii } from "./text.ts"
import type { PyValue } from "./values.ts"

const isCased = (character: string): boolean => /\p{Cased}/u.test(character)

/** The first letter of every word in title case, the rest in lower case; a word is a run of cased letters. */
const title = (text: string): string => {
  let inWord = false
  return codePoints(text)
    .map((character) => {
      const turned = inWord ? character.toLowerCase() : titled(character)
      inWord = isCased(character)
      return turned
    })
    .join("")
}

/** One character at the head of a word: of a ligature only the first letter is a capital. */
const titled = (character: string): string => {
  const [first = "", ...rest] = character.toUpperCase()
  return first + rest.join("").toLowerCase()
}

const capitalize = (text: string): string => {
  const [first = "", ...rest] = text
  return titled(first) + rest.join("").toLowerCase()
}

const swapCase = (text: string): string =>
  codePoints(text)
    .map((character) =>
      /\p{Uppercase}/u.test(character)
        ? character.toLowerCase()
        : /\p{Lowercase}/u.test(character)
          ? character.toUpperCase()
          : character,
    )
    .join("")

const isTitle = (text: string): boolean => {
  let inWord = false
  let any = false
  for (const character of text) {
    const isUpper = /[\p{Lu}\p{Lt}]/u.test(character)
    if (isUpper ? inWord : isCased(character) && !inWord) return false
    inWord = isCased(character)
    any ||= inWord
  }
  return any
}

const every =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text)

const hasCase = (text: string, other: RegExp): boolean => !other.test(text) && codePoints(text).some(isCased)

const tests: readonly (readonly [string, (text: string) => PyValue])[] = [
  ["isalpha", every(/^\p{L}+$/u)],
  ["isalnum", every(/^[\p{L}\p{N}]+$/u)],
  ["isdecimal", every(/^\p{Nd}+$/u)],
  ["isdigit", every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490]+$/u)],
  ["isnumeric", every(/^\p{N}+$/u)],
  ["isspace", every(allSpace)],
  ["isascii", isAscii],
  ["isidentifier", every(/^[\p{ID_Start}_][\p{ID_Continue}]*$/u)],
  ["isprintable", (text) => codePoints(text).every(isPrintable)],
  ["isupper", (text) => hasCase(text, /[\p{Lowercase}\p{Lt}]/u)],
  ["islower", (text) => hasCase(text, /[\p{Uppercase}\p{Lt}]/u)],
  ["istitle", isTitle],
  ["lower", (text) => text.toLowerCase()],
  ["upper", (text) => text.toUpperCase()],
  ["casefold", (text) => text.replaceAll("ß", "ss").toLowerCase()],
  ["capitalize", capitalize],
  ["title", title],
  ["swapcase", swapCase],
]

/** The str methods that ask for or change the kind of characters; none takes an argument. */
export const classMethods = (
  method: (parameters: string, run: (self: string) => PyValue) => Method,
): readonly (readonly [string, Method])[] => tests.map(([name, run]) => [name, method("", run)])
