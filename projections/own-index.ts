/**
 * Indexes of runs beside the documented ones: by name, by end, by duration, and by parameters below the top level. A
 * forward row per entry, and a mirrored one below the run to find its entries by. docs/decisions/0003-index-plan.md
 */
import { decodeValue } from "../domain/msgpack.ts"
import { float, numberOf, type ValueMap } from "../domain/value.ts"
import { isNumberLike } from "./attributes.ts"
import type { Tuple } from "./keys.ts"
import { empty, type Rows, type WritableRows } from "./rows.ts"
import { changedEntries, indexText } from "./run-index.ts"

/** The deepest parameters that are indexed, counted from `hparams`. */
export const deepestPath = 5

/** The index element of a path of names: each but the last ends with a character that no other index text needs. */
export const pathText = (path: readonly string[]): string => path.join("\0")

/** The run's entries that begin with these elements. */
export const ownEntriesOf = async (rows: Rows, run: string, start: Tuple): Promise<readonly Tuple[]> =>
  (await rows.under("own", ["entries", run, ...start])).map(({ rest }) => [...start, ...rest])

/** Makes the entries over a run's fields those of the fields it has. */
export const indexFields = async (rows: WritableRows, run: string, meta: ValueMap): Promise<void> => {
  const name = meta.get("name")
  const end = numberOf(meta.get("finalized_at"))
  const start = numberOf(meta.get("created_at")) ?? 0
  await replaceOwn(rows, run, ["name"], typeof name === "string" ? [["name", indexText(name)]] : [])
  await replaceOwn(rows, run, ["end"], end === undefined ? [] : [["end", float(end)]])
  // As queries count it: to the end, and 0 while there is none.
  await replaceOwn(rows, run, ["duration"], [["duration", float(end === undefined ? 0 : Math.max(0, end - start))]])
}

/** Makes the entries over parameters below the top level those of the scalars that are there. */
export const indexPaths = async (rows: WritableRows, run: string): Promise<void> => {
  const entries: Tuple[] = []
  for (const { rest, bytes } of await rows.under("runs", [run, "attrs", "hparams"])) {
    const path = rest.slice(0, -1)
    if (rest.at(-1) !== "__leaf__" || path.length < 2 || path.length > deepestPath) continue
    if (!path.every((name) => typeof name === "string" && !name.includes("\0"))) continue
    const text = pathText(path.map(String))
    if (indexText(text) !== text) continue
    const value = decodeValue(bytes)
    if (typeof value === "string") entries.push(["path", text, indexText(value)])
    else if (isNumberLike(value)) entries.push(["path", text, value])
  }
  await replaceOwn(rows, run, ["path"], entries)
}

/** Removes every entry of a run. */
export const removeOwn = async (rows: WritableRows, run: string): Promise<void> => {
  for (const entry of await ownEntriesOf(rows, run, [])) rows.clear("own", ["index", ...entry, run])
  rows.clearUnder("own", ["entries", run])
}

const replaceOwn = async (rows: WritableRows, run: string, start: Tuple, wanted: readonly Tuple[]): Promise<void> => {
  const { gone, missing } = changedEntries(await ownEntriesOf(rows, run, start), wanted)
  for (const entry of gone) {
    rows.clear("own", ["index", ...entry, run])
    rows.clear("own", ["entries", run, ...entry])
  }
  for (const entry of missing) {
    rows.setBytes("own", ["index", ...entry, run], empty)
    rows.setBytes("own", ["entries", run, ...entry], empty)
  }
}
