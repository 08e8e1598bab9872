/**
 * The key map: every prefix, its owner, its value. Keys are tuples; values msgpack unless another is named.
 *
 * runs      (run, "meta", field, "__leaf__")             runs.ts          one field of the run
 *           (run, "attrs", …path, "__leaf__")            attributes.ts    a tree (tree.ts); "__blobs__" below it: artifacts
 *           (run, "contexts", contextId)                 traces.ts        the context
 *           (run, "traces", contextId, name, field)      traces.ts        dtype, last, last_step, first, min, max
 *           (run, "seqs", contextId, name, col, step)    sequences.ts     a sample, or a block that begins at that step (sequence-block.ts)
 *           (run, "tags", tagId)                         tags.ts          true
 * indexes   ("archived" | "active", bool, run) …         run-index.ts     empty; also experiment, tag, created_at, hparam, trace
 *           ("_rev", run, …forward key)                  run-index.ts     empty
 *           ("_deleted", run)                            trash.ts         Unix seconds of the deletion: the tombstone
 * system    (kind + "s", id, field), (kind + "s_by_name", name), (kind + "_runs", id, run)
 *           ("run_experiment", run), ("run_tags", run, tagId)             entities.ts, experiments.ts, tags.ts
 *           ("notes" | "dashboards" | "dashboard_apps" | "reports", id, field)   pages.ts
 *           ("pinned_sequences", "__leaf__")             pages.ts
 * own       ("named", kind, name, id)                    entities.ts      empty; who bears a name
 *           ("entity", kind, id, "controlled" | "deleted")  entities.ts   what claims may not change
 *           ("notes_of", owner, noteId)                  pages.ts         empty
 *           ("trash", run)                               trash.ts         [id of the deletion, its time]; gone once the data is
 *           ("orphans", deletion)                        trash.ts         [run, time of the deletion]
 *           ("blobs_purged", deletion)                   trash.ts         true
 *           ("recent_records", run)                      logs.ts          hashes of the run's last log records
 *           ("place", run)                               run-summaries.ts where its summary stands, and its flags (run-summary.ts)
 *           ("summary", created, run)                    run-summaries.ts what searches ask of it (run-summary.ts)
 *           ("trace", run, contextId, name)              traces.ts        what searches ask of a sequence (trace-summary.ts)
 *           ("index", "name" | "end" | "duration" | "path", …value, run)  own-index.ts     empty
 *           ("entries", run, …index entry)               own-index.ts     empty
 *           ("job", kind, id)                            jobs.ts          where the slices go on
 * marks     ("checkpoint", topic, partition)             fold.ts          next offset to fold
 *           ("writer", stream, writer)                   fold.ts          [seq, part] folded last
 */
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { pack } from "./keys.ts"

/** The documented directories, then our own. All five together are one generation. */
export const directories = {
  runs: ["data", "runs"],
  indexes: ["data", "indexes"],
  system: ["system"],
  own: ["matyan", "own"],
  marks: ["matyan", "marks"],
} as const

export type Space = keyof typeof directories
export const spaces = Object.keys(directories) as readonly Space[]

/** The spaces that must be equal after a rebuild; marks only say how far it went. */
export const comparedSpaces = ["runs", "indexes", "system", "own"] as const satisfies readonly Space[]

export type Prefixes = Readonly<Record<Space, Uint8Array>>

/** One complete set of projections. */
export interface Generation {
  readonly id: number
  readonly prefixes: Prefixes
}

/** Where no projection is: the generation pointer, locks, dead letters. */
export const controlPath = ["matyan", "control"] as const

/** The serving generation, or undefined before the first one was made. */
export const servingGeneration = async (tx: Reader): Promise<Generation | undefined> => {
  const control = await tx.directory(controlPath)
  const stored = control && (await tx.get(pack(["generation"], control)))
  if (stored === undefined) return undefined
  const found = await Promise.all(spaces.map((space) => tx.directory(directories[space])))
  return { id: Number(decodeValue(stored)), prefixes: named(found) }
}

/** As {@link servingGeneration}, making the first generation where there is none. */
export const createGeneration = async (tx: Transaction): Promise<Generation> => {
  const existing = await servingGeneration(tx)
  if (existing) return existing
  const control = await tx.createDirectory(controlPath)
  tx.set(pack(["generation"], control), encodeValue(1))
  const made: Uint8Array[] = []
  for (const space of spaces) made.push(await tx.createDirectory(directories[space]))
  return { id: 1, prefixes: named(made) }
}

/**
 * The serving generation, read anew in every transaction at the price of one row: the pointer. When a rebuild was
 * swapped in, the prefixes are looked up again, so nobody reads or writes the former one.
 */
export const generationCache = (): ((tx: Reader) => Promise<Generation | undefined>) => {
  let pointer: Uint8Array | undefined
  let cached: Generation | undefined
  return async (tx) => {
    if (pointer !== undefined && cached !== undefined) {
      const stored = await tx.get(pointer)
      if (stored !== undefined && Number(decodeValue(stored)) === cached.id) return cached
    }
    const control = await tx.directory(controlPath)
    pointer = control && pack(["generation"], control)
    return (cached = await servingGeneration(tx))
  }
}

const named = (prefixes: readonly (Uint8Array | undefined)[]): Prefixes => {
  const entries = spaces.map((space, i) => {
    const prefix = prefixes[i]
    if (prefix === undefined) throw new Error(`the directory ${directories[space].join("/")} is missing from the store`)
    return [space, prefix] as const
  })
  return Object.fromEntries(entries) as Record<Space, Uint8Array>
}
