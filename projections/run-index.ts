/** The secondary indexes of runs: a forward row per entry and a mirrored one under `_rev` to find a run's entries by. */
import { keyBytes } from "../domain/limits.ts"
import { type Element, type Tuple } from "./keys.ts"
import { empty, type Rows, type WritableRows } from "./rows.ts"

/**
 * Longest text in an index key, in bytes of the key, where NUL takes two: a row has up to two such texts beside the run's
 * id, twice. Longer ones are cut, so their rows stand for a superset.
 */
export const longestIndexText = 512

/** Text as an index key holds it: cut at a character within {@link longestIndexText} bytes. */
export const indexText = (text: string): string => {
  if (keyBytes(text) <= longestIndexText) return text
  const bytes = Buffer.from(text)
  let end = 0
  for (let size = 0; ; end++) {
    size += bytes[end] === 0 ? 2 : 1
    if (size > longestIndexText) break
  }
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end).toString("utf8")
}

/** Adds the entry (index, …elements) of a run. */
export const addEntry = (rows: WritableRows, run: string, entry: Tuple): void => {
  rows.setBytes("indexes", [...entry, run], empty)
  rows.setBytes("indexes", ["_rev", run, ...entry, run], empty)
}

export const removeEntry = (rows: WritableRows, run: string, entry: Tuple): void => {
  rows.clear("indexes", [...entry, run])
  rows.clear("indexes", ["_rev", run, ...entry, run])
}

/** The run's entries that begin with these elements. */
export const entriesOf = async (rows: Rows, run: string, start: Tuple = []): Promise<readonly Tuple[]> =>
  (await rows.under("indexes", ["_rev", run, ...start])).map(({ rest }) => [...start, ...rest.slice(0, -1)])

/** Makes the run's entries that begin with `start` exactly these. */
export const replaceEntries = async (rows: WritableRows, run: string, start: Tuple, wanted: readonly Tuple[]): Promise<void> => {
  const { gone, missing } = changedEntries(await entriesOf(rows, run, start), wanted)
  for (const entry of gone) removeEntry(rows, run, entry)
  for (const entry of missing) addEntry(rows, run, entry)
}

/** Which of the stored entries are not wanted, and which of the wanted are not stored. */
export const changedEntries = (
  stored: readonly Tuple[],
  wanted: readonly Tuple[],
): { readonly gone: readonly Tuple[]; readonly missing: readonly Tuple[] } => {
  const text = (entry: Tuple) => entry.map(typed).join("\0")
  const missing = new Map(wanted.map((entry) => [text(entry), entry]))
  const gone = stored.filter((entry) => !missing.delete(text(entry)))
  return { gone, missing: [...missing.values()] }
}

/** Removes every entry of a run. */
export const removeEntries = async (rows: WritableRows, run: string): Promise<void> => {
  for (const entry of await entriesOf(rows, run)) rows.clear("indexes", [...entry, run])
  rows.clearUnder("indexes", ["_rev", run])
}

const typed = (element: Element): string => {
  if (element === null || typeof element !== "object")
    return `${typeof element} ${Object.is(element, -0) ? "-0" : String(element)}`
  return element instanceof Uint8Array
    ? `bytes ${Buffer.from(element).toString("hex")}`
    : `float ${Object.is(element.value, -0) ? "-0" : element.value}`
}
