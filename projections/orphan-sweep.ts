/** Looking through all objects for those that no deletion accounts for. */
import { Effect } from "effect"
import { type ListedBlob, BlobStore, type BlobStoreUnavailable } from "../domain/ports/blob-store.ts"
import type { EventLog } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { type AppendFacts, factAppender } from "./fact-appender.ts"
import { type JobFault, type JobOptions, upToDate } from "./job-start.ts"
import { type Count, countOf, makeRemoveOrphans, plus, type Standing, standing } from "./orphans.ts"
import { eachLetter } from "./dead-letters.ts"
import { eachPage } from "./row-pages.ts"
import type { Rows } from "./rows.ts"
import { noDeletion, orphaned } from "./trash.ts"
import { giveUpOld } from "./unfinished-uploads.ts"
import { makeView, type View } from "./view.ts"

export interface CleanupOrphansOptions extends JobOptions {
  /**
   * Also removes objects under ids that no run ever had, or whose tombstone was lifted. They may be uploads of runs that
   * never came to be, or somebody else's objects in the same bucket, so they are only counted unless this is said.
   */
  readonly unknownRuns?: boolean
  /** How old an object must be that no deletion accounts for, in hours; 24 by default. It may belong to what begins now. */
  readonly olderThanHours?: number
}

export interface OrphansReport {
  /** Runs whose objects were removed, or would be. */
  readonly runs: readonly string[]
  readonly removed: Count
  /** Objects under ids that no run has; counted in `removed` as well where they were to go. */
  readonly unknown: Count
  /** Uploads in parts that were begun more than a week ago, and were given up. */
  readonly uploads: number
}

type Fault = JobFault | BlobStoreUnavailable

/**
 * Removes the objects of purged runs: those that a deletion still waits for, and those that were uploaded after it; and gives up
 * the uploads in parts that were begun more than a week ago.
 */
export const cleanupOrphans = (
  options: CleanupOrphansOptions,
): Effect.Effect<OrphansReport, Fault, BlobStore | EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const { dryRun = false, now, waitSeconds } = options
    yield* upToDate(waitSeconds)
    const view = yield* makeView
    const append = yield* factAppender("cleanup-orphan-blobs", now)
    const tally = new Tally(options.limit ?? Number.POSITIVE_INFINITY)
    yield* purgeWaiting(view, append, tally, dryRun)
    yield* sweep(view, append, tally, options)
    tally.uploads = yield* giveUpOld(view, { now: now(), dryRun, unknownRuns: options.unknownRuns ?? false })
    return tally
  })

/** What was found and done so far. */
class Tally implements OrphansReport {
  readonly #limit: number
  readonly #runs = new Set<string>()
  removed: Count = { objects: 0, bytes: 0 }
  unknown: Count = { objects: 0, bytes: 0 }
  uploads = 0
  /** Of these runs the objects from before a time (Unix seconds) are counted already. */
  readonly counted = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get runs(): readonly string[] {
    return [...this.#runs]
  }

  get isFull(): boolean {
    return this.#runs.size >= this.#limit
  }

  /** Whether this run is one of those that are dealt with, within the limit. */
  take(run: string): boolean {
    if (!this.isFull) this.#runs.add(run)
    return this.#runs.has(run)
  }
}

/** The deletions whose objects the control worker has not removed yet. */
const purgeWaiting = (view: View, append: AppendFacts, tally: Tally, dryRun: boolean) =>
  Effect.gen(function* () {
    const removeOrphans = yield* makeRemoveOrphans
    yield* eachPage(
      view,
      orphaned,
      ({ deletion }) => deletion,
      (page) =>
        Effect.gen(function* () {
          for (const orphan of page) {
            const { runId, deletion, at } = orphan
            if (!tally.take(runId)) return false
            const removed = yield* removeOrphans(orphan, { dryRun })
            if (removed === null) continue
            if (!dryRun) yield* append([{ type: "BlobsPurged", data: { runId, deletion, removed: removed.objects } }])
            tally.removed = plus(tally.removed, removed)
            tally.counted.set(runId, Math.max(at, tally.counted.get(runId) ?? 0))
          }
          return true
        }),
    )
  })

const pageSize = 1_000

/** Walks through the keys of all objects in order, so that those of one run come together. */
const sweep = (view: View, append: AppendFacts, tally: Tally, options: CleanupOrphansOptions) =>
  Effect.gen(function* () {
    const blobs = yield* BlobStore
    const { dryRun = false, unknownRuns = false, olderThanHours = 24, now } = options
    const before = now() - olderThanHours * 3600
    const lettered = unknownRuns ? yield* view.read(runsOfLetters) : new Set<string>()
    for (let after: string | undefined; ;) {
      const page = yield* blobs.list("", pageSize, after)
      for (const [run, all] of byRun(page.filter(({ modified }) => modified < before))) {
        const objects = all.filter(({ modified }) => modified >= (tally.counted.get(run) ?? 0))
        if (objects.length === 0) continue
        const found = yield* view.read((rows) => standing(rows, run))
        if (found === "unknown") tally.unknown = plus(tally.unknown, countOf(objects))
        if (!isOrphaned(found, unknownRuns) || lettered.has(run) || !tally.take(run)) continue
        tally.removed = plus(tally.removed, countOf(objects))
        if (!dryRun) yield* remove(blobs, append, run, objects, before)
      }
      after = page.at(-1)?.key
      if (page.length < pageSize || tally.isFull) return
    }
  })

/** Runs of which something was logged that could not be folded: they may be there though no projection tells. */
const runsOfLetters = async (rows: Rows): Promise<ReadonlySet<string>> => {
  const keys = new Set<string>()
  for await (const letters of eachLetter(rows)) for (const { key } of letters) keys.add(key)
  return keys
}

const isOrphaned = (found: Standing, unknownRuns: boolean): boolean => found === "cleared" || (found === "unknown" && unknownRuns)

/** Said before it is done and after, as with the objects of a deletion. */
const remove = (
  blobs: BlobStore["Service"],
  append: AppendFacts,
  runId: string,
  objects: readonly ListedBlob[],
  before: number,
) =>
  Effect.gen(function* () {
    yield* append([{ type: "BlobsOrphaned", data: { runId, deletion: noDeletion, before } }])
    const removed = yield* blobs.remove(objects.map(({ key }) => key))
    yield* append([{ type: "BlobsPurged", data: { runId, deletion: noDeletion, removed } }])
  })

/** Objects by what stands before the first slash of their keys; one without a slash is under no run. */
const byRun = (objects: readonly ListedBlob[]): ReadonlyMap<string, readonly ListedBlob[]> =>
  Map.groupBy(
    objects.filter(({ key }) => key.indexOf("/") > 0),
    ({ key }) => key.slice(0, key.indexOf("/")),
  )
