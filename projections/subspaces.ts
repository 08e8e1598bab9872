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
 *           ("borne", kind, name)                        entities.ts      the id that a control event gave it to
 *           ("entity", kind, id, "controlled" | "deleted" | "name")  entities.ts   what claims may not change; the name given last
 *           ("count", kind, id)                          entities.ts      how many runs it has: 64 bits, little-endian, only added to
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
 *           ("positions", topic, kind, id), (…, n)       positions.ts     where the records of a run or an entity stand in the log
 *           ("discarded", topic, partition, offset)      discards.ts      [time, reason]
 * marks     ("checkpoint", topic, partition)             fold.ts          next offset to fold
 *           ("heard", run)                               context.ts       Unix seconds by a gateway's clock; at most 10 minutes old
 *           ("writer", stream, writer)                   fold.ts          [seq, part] folded last
 *           ("lost", writer, seq)                        lost-races.ts    how a command was overtaken
 *           ("letter" | "letter_bytes" | "aside", topic, partition, offset)   dead-letters.ts   a dead letter, its bytes, to be set aside
 *           ("fold_version")                             subspaces.ts     the code that it was folded by
 *
 * control   ("generation")                               subspaces.ts     the serving generation, and who holds it
 *           ("serving_since")                            generations.ts   when it took over, in Unix milliseconds
 *           ("last_id")                                  generations.ts   the id that was given last
 *           ("beside")                                   generations.ts   the one being rebuilt, by whom, since when, and whether it once served
 *           ("kept", id)                                 former.ts        when one was replaced, and until when it is kept
 *           ("as_of", id)                                as-of-generations.ts  one that ends at some positions
 *           ("as_of_lock")                               rebuild-lock.ts  who makes such
 *           ("rebuild_lock")                             rebuild-lock.ts  who rebuilds
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

/**
 * Counts the changes of what the folds write: raise it when the same log comes out as other rows. Projections of another
 * version are rebuilt.
 */
export const foldVersion = 3

/** One complete set of projections. */
export interface Generation {
  readonly id: number
  readonly prefixes: Prefixes
  /** Set while a rebuild is about to take its place: who asks that nothing be folded into it for a moment. */
  readonly holder: string | null
}

/** Where no projection is: the generation pointer, the rebuild and its lock. */
export const controlPath = ["matyan", "control"] as const

/** Where the directories of a generation that does not serve stand. */
export const besidePath = ["matyan", "beside"] as const
export const formerPath = (id: number): readonly string[] => ["matyan", "former", String(id)]
export const asOfPath = (id: number): readonly string[] => ["matyan", "as_of", String(id)]

/** The serving generation, or undefined before the first one was made. */
export const servingGeneration = async (tx: Reader): Promise<Generation | undefined> => {
  const control = await tx.directory(controlPath)
  const stored = control && (await tx.get(pointerKey(control)))
  return stored === undefined ? undefined : { ...pointerOf(stored), prefixes: await prefixesAt(tx, []) }
}

/** The id of the serving generation, of whichever code it is. */
export const pointedTo = async (tx: Reader): Promise<number | undefined> => {
  const control = await tx.directory(controlPath)
  const stored = control && (await tx.get(pointerKey(control)))
  return stored === undefined ? undefined : pointerOf(stored).id
}

/** As {@link servingGeneration}, making the first generation where there is none. */
export const createGeneration = async (tx: Transaction): Promise<Generation> => {
  const existing = await servingGeneration(tx)
  if (existing) return existing
  pointTo(tx, await tx.createDirectory(controlPath), 1)
  return { id: 1, prefixes: await createSpaces(tx, []), holder: null }
}

/** Lets a generation serve; with a holder, asks projectors to fold nothing into it meanwhile. */
export const pointTo = (tx: Transaction, control: Uint8Array, id: number, holder: string | null = null): void =>
  tx.set(pointerKey(control), encodeValue(holder === null ? id : [id, holder]))

/** The directories of a generation below a path; the serving one's is the root. */
export const prefixesAt = async (tx: Reader, below: readonly string[]): Promise<Prefixes> =>
  named(await Promise.all(spaces.map((space) => tx.directory([...below, ...directories[space]]))))

/** Makes them, empty, to be folded into by the code that runs. */
export const createSpaces = async (tx: Transaction, below: readonly string[]): Promise<Prefixes> => {
  const made: Uint8Array[] = []
  for (const space of spaces) made.push(await tx.createDirectory([...below, ...directories[space]]))
  const prefixes = named(made)
  tx.set(pack(["fold_version"], prefixes.marks), encodeValue(foldVersion))
  return prefixes
}

/** Gives the directories of a generation other paths, where none is yet. One of other code may lack some. */
export const moveSpaces = async (tx: Transaction, from: readonly string[], to: readonly string[]): Promise<void> => {
  for (const space of spaces) {
    if ((await tx.directory([...from, ...directories[space]])) === undefined) continue
    const target = [...to, ...directories[space]]
    if (target.length > 1) await tx.createDirectory(target.slice(0, -1))
    await tx.moveDirectory([...from, ...directories[space]], target)
  }
}

/** The version of the folds that made a generation; 0 where it does not say. */
export const foldedBy = (tx: Reader, { prefixes }: Pick<Generation, "prefixes">): Promise<number> => versionIn(tx, prefixes.marks)

/**
 * The serving generation, read anew in every transaction at the price of one row: the pointer. When a rebuild was
 * swapped in, the prefixes are looked up again, so nobody reads or writes the former one.
 */
export const generationCache = (): ((tx: Reader) => Promise<Generation | undefined>) => {
  let key: Uint8Array | undefined
  let cached: Generation | undefined
  return async (tx) => {
    if (key !== undefined && cached !== undefined) {
      const stored = await tx.get(key)
      const pointer = stored === undefined ? undefined : pointerOf(stored)
      if (pointer?.id === cached.id) return pointer.holder === cached.holder ? cached : (cached = { ...cached, ...pointer })
    }
    const control = await tx.directory(controlPath)
    key = control && pointerKey(control)
    return (cached = await servingGeneration(tx))
  }
}

/** As {@link foldedBy}, of the generation below a path; 0 also where there is none. */
export const foldedBelow = async (tx: Reader, below: readonly string[]): Promise<number> => {
  const marks = await tx.directory([...below, ...directories.marks])
  return marks === undefined ? 0 : versionIn(tx, marks)
}

const versionIn = async (tx: Reader, marks: Uint8Array): Promise<number> => {
  const stored = await tx.get(pack(["fold_version"], marks))
  return stored === undefined ? 0 : Number(decodeValue(stored))
}

const pointerKey = (control: Uint8Array): Uint8Array => pack(["generation"], control)

const pointerOf = (stored: Uint8Array): Pick<Generation, "id" | "holder"> => {
  const pointer = decodeValue(stored)
  return Array.isArray(pointer) ? { id: Number(pointer[0]), holder: String(pointer[1]) } : { id: Number(pointer), holder: null }
}

const named = (prefixes: readonly (Uint8Array | undefined)[]): Prefixes => {
  const entries = spaces.map((space, i) => {
    const prefix = prefixes[i]
    if (prefix === undefined) throw new Error(`the directory ${directories[space].join("/")} is missing from the store`)
    return [space, prefix] as const
  })
  return Object.fromEntries(entries) as Record<Space, Uint8Array>
}
