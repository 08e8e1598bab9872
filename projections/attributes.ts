/** A run's attributes (a tree), its artifacts among them, and the index of its hyperparameters. */
import { decodeValue } from "../domain/msgpack.ts"
import { Float, type Value } from "../domain/value.ts"
import type { Tuple } from "./keys.ts"
import type { Projector } from "./projector.ts"
import type { Rows, WritableRows } from "./rows.ts"
import { indexText, replaceEntries } from "./run-index.ts"
import { indexPaths } from "./own-index.ts"
import { blobs } from "./run-summaries.ts"
import { touch } from "./runs.ts"
import { replaceSubtree, Way } from "./tree.ts"

export const attributes = {
  AttributesSet: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    let changed = false
    let hparams = false
    const way = new Way()
    for (const [i, path] of data.paths.entries()) {
      const value = decodeValue(data.values[i]!)
      if (!(await replaceSubtree(context.rows, "runs", [run.id, "attrs"], path, value, way))) continue
      changed = true
      run.isStale = true
      hparams ||= path[0] === "hparams"
    }
    if (hparams) await indexHparams(context.rows, run.id)
    if (hparams) await indexPaths(context.rows, run.id)
    if (changed) touch(context, run, meta.at)
  },

  ArtifactLogged: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    const reference = new Map<string, Value>([
      ["s3_key", data.key],
      ["content_type", data.contentType],
    ])
    if (await replaceSubtree(context.rows, "runs", [run.id, "attrs"], [blobs, data.path], reference)) touch(context, run, meta.at)
  },
} satisfies Projector

/**
 * Makes the hyperparameter entries of a run those of the top-level scalars it has now. A name longer than an index text
 * has none: its keys could be longer than the engines take.
 */
export const indexHparams = async (rows: WritableRows, run: string): Promise<void> =>
  replaceEntries(rows, run, ["hparam"], await hparamEntries(rows, run))

const hparamEntries = async (rows: Rows, run: string): Promise<readonly Tuple[]> => {
  const entries: Tuple[] = []
  for (const { rest, bytes } of await rows.under("runs", [run, "attrs", "hparams"])) {
    const [name, end] = rest
    if (rest.length !== 2 || end !== "__leaf__" || typeof name !== "string" || indexText(name) !== name) continue
    const value = decodeValue(bytes)
    if (typeof value === "string") entries.push(["hparam", name, indexText(value)])
    else if (isNumberLike(value)) entries.push(["hparam", name, value])
  }
  return entries
}

/** Whether a value orders among numbers. */
export const isNumberLike = (value: Value): value is boolean | number | bigint | Float =>
  typeof value === "boolean" || typeof value === "number" || typeof value === "bigint" || value instanceof Float
