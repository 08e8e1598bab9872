/** Ranges of values, as a plan has them, to ranges of keys of the index of runs. */
import { keyBytes } from "../domain/limits.ts"
import { Float } from "../domain/value.ts"
import type { ValueRange } from "../domain/query/index.ts"
import { type Element, pack, type Tuple, under } from "./keys.ts"
import { indexText, longestIndexText } from "./run-index.ts"

/** Entries `[begin, end)` of the index of runs, below the prefix of its directory. */
export interface KeyRange {
  readonly begin: Uint8Array
  readonly end: Uint8Array
}

/** The entries that begin with these elements. */
export const entriesUnder = (entry: Tuple): KeyRange => {
  const [begin, end] = under(pack(entry))
  return { begin, end }
}

/** The entries of a text. */
export const textEntries = (index: Tuple, text: string): KeyRange => entriesUnder([...index, indexText(text)])

/**
 * Whether the entries of a text are those of no other: the index holds only the beginning of a long one, and would hold
 * a lone surrogate, which nothing stored has, as U+FFFD.
 */
export const isTold = (text: string): boolean => text.isWellFormed() && keyBytes(text) <= longestIndexText - 4

/** The entries below `index` whose value is in the range. A cut text is in it or out of it as its whole would be. */
export const valueEntries = (index: Tuple, range: ValueRange): KeyRange => {
  const { low, high } = elementsOf(range)
  const [least, beyond] = tags[range.type]
  const prefix = pack(index)
  const begin = low === undefined ? Buffer.concat([prefix, Uint8Array.of(least)]) : side([...index, low], range.lowInclusive)
  const end = high === undefined ? Buffer.concat([prefix, Uint8Array.of(beyond)]) : side([...index, high], !range.highInclusive)
  return { begin, end }
}

/** The bytes with which the elements of a type begin, and the first byte beyond them. */
const tags: Readonly<Record<ValueRange["type"], readonly [least: number, beyond: number]>> = {
  string: [0x02, 0x03],
  int: [0x0b, 0x1e],
  double: [0x21, 0x22],
  bool: [0x26, 0x28],
}

const elementsOf = (range: ValueRange): { readonly low: Element | undefined; readonly high: Element | undefined } => {
  if (range.type !== "double") return { low: range.low, high: range.high }
  const element = (bound: number | undefined) => (bound === undefined ? undefined : new Float(bound))
  return { low: element(range.low), high: element(range.high) }
}

/** The first key at or after the entries of these elements. */
const side = (entry: Tuple, isBefore: boolean): Uint8Array => {
  const { begin, end } = entriesUnder(entry)
  return isBefore ? begin : end
}
