/** The jobs of the control worker: what each does, what it leaves, and what it does when it may not. */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import type { AnyFact } from "../../events/index.ts"
import { lockOf, withLock } from "../../projections/locks.ts"
import { cleanupOrphans } from "../../projections/orphan-sweep.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { WritableRows } from "../../projections/rows.ts"
import { scheduledJobs } from "../../projections/scheduled-jobs.ts"
import { finishStale } from "../../projections/stale.ts"
import { servingGeneration } from "../../projections/subspaces.ts"
import { cleanupTombstones } from "../../projections/tombstones.ts"
import { runById } from "../../projections/run-view.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { freshFolder } from "../support/folders.ts"
import { stamped } from "../support/folding.ts"
import {
  append,
  created,
  deleted,
  dumped,
  engines,
  hour,
  keys,
  logged,
  put,
  reads,
  refolded,
  told,
  until,
} from "../support/jobs.ts"

const now = Date.now() / 1000
const clock = { now: () => now }

const running = <A, E>(test: Effect.Effect<A, E, BlobStore | EventLog | KeyValueStore>) =>
  Effect.runPromise(test.pipe(Effect.provide(engines(freshFolder()))))

const isActive = (run: string) =>
  Effect.flatMap(makeView, (view) => view.read(async (rows) => (await runById(rows, run))?.active))

const points = (runId: string, at: number, name = "loss"): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId,
    name,
    contextId: 0,
    context: encodeValue(new Map()),
    dtype: "float",
    values: [1, 2],
    steps: [],
    epochs: [],
    firstTime: (at - 1) * 1e6,
    timeOffsets: [0, 1e6],
  },
})

const line = (runId: string): AnyFact => ({ type: "TerminalLinesLogged", data: { runId, steps: [0], lines: ["epoch 1"] } })
const purgedRun = (run: string, deletion: string): AnyFact => ({ type: "RunPurged", data: { runId: run, deletion } })

/** Folded events about the deletion of a run, and all that follows but its objects. */
const cleared = (run: string, at: number) =>
  Effect.gen(function* () {
    yield* told([created(run), deleted(run)], at)
    const deletion = (yield* logged).findLast(({ type, data }) => type === "RunDeleted" && "runId" in data && data.runId === run)
    yield* told([purgedRun(run, deletion!.meta.id)], at)
    return deletion!.meta.id
  })

/** Projections as the version before this one left them. */
const foldedByOther = (runs: readonly string[]) =>
  KeyValueStore.use((store) =>
    store.write(async (tx) => {
      const rows = new WritableRows(tx, (await servingGeneration(tx))!)
      rows.clear("marks", ["fold_version"])
      for (const run of runs) rows.clear("marks", ["heard", run])
    }),
  )

describe("finish-stale", () => {
  const day = { ...clock, timeoutHours: 24 }
  const silent = now - 25 * hour

  it("finishes the active runs that are silent in every way, and no others", () =>
    running(
      Effect.gen(function* () {
        const old = ["silent", "points", "line", "renamed", "finished", "deleted"].map(created)
        yield* append([...old, points("silent", silent), points("points", silent)], silent)
        yield* append([{ type: "RunFinished", data: { runId: "finished", finishedAt: null } }, deleted("deleted")], silent)
        const recent = now - 23 * hour
        yield* told([points("points", recent), points("points", silent, "z"), line("line"), created("new")], recent)
        yield* told([{ type: "RunRenamed", data: { runId: "renamed", name: "kept" } }], recent)

        expect(yield* finishStale({ ...day, dryRun: true })).toEqual(["silent"])
        yield* catchUp()
        expect(yield* isActive("silent")).toBe(true)
        expect(yield* finishStale(day)).toEqual(["silent"])
        yield* catchUp()
        expect(yield* isActive("silent")).toBe(false)
        for (const run of ["points", "line", "renamed", "new"]) expect(yield* isActive(run)).toBe(true)
        expect(yield* finishStale(day)).toEqual([])
        expect(yield* dumped).toBe(yield* refolded)
      }),
    ))

  it("goes by the gateways' clocks, for a client's may stand at 1970", () =>
    running(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.append([created("run"), points("run", 5)].map((fact) => stamped(fact, 5, { serverTime: now })))
        yield* catchUp()
        expect(yield* finishStale(day)).toEqual([])
      }),
    ))

  it("finishes no more than it was told to", () =>
    running(
      Effect.gen(function* () {
        yield* told(["a", "b", "c"].map(created), silent)
        expect(yield* finishStale({ ...day, limit: 2 })).toEqual(["a", "b"])
        yield* catchUp()
        expect(yield* finishStale({ ...day, limit: 2 })).toEqual(["c"])
      }),
    ))

  it("does nothing while the projections are behind the log: by them, a run that logs is silent", () =>
    running(
      Effect.gen(function* () {
        yield* told([created("run")], silent)
        yield* append([points("run", now)], now)
        const refused = yield* Effect.flip(finishStale({ ...day, waitSeconds: 0.05 }))
        expect(refused).toMatchObject({ _tag: "ProjectionsBehind" })
        yield* catchUp()
        expect(yield* finishStale(day)).toEqual([])
      }),
    ))

  it("does nothing by projections that other code folded: those did not note when a run was heard", () =>
    running(
      Effect.gen(function* () {
        yield* told([created("run")], now)
        yield* foldedByOther(["run"])
        for (const dryRun of [true, false]) {
          const refused = yield* Effect.flip(finishStale({ ...day, dryRun, waitSeconds: 0.05 }))
          expect(refused).toMatchObject({ _tag: "ProjectionsBehind" })
        }
        yield* rebuild()
        expect(yield* finishStale(day)).toEqual([])
      }),
    ))
})

describe("cleanup-tombstones", () => {
  const week = { ...clock, olderThanHours: 168 }
  const old = now - 169 * hour

  it("frees the ids of runs that are long gone, but of none in the trash, with objects left, or deleted of late", () =>
    running(
      Effect.gen(function* () {
        const deletion = yield* cleared("gone", old)
        const purged: AnyFact = { type: "BlobsPurged", data: { runId: "gone", deletion, removed: 0 } }
        yield* told([purged], old)
        yield* cleared("objects left", old)
        yield* told([created("trash"), deleted("trash")], old)
        const late = yield* cleared("late", now - 100 * hour)
        yield* told([{ type: "BlobsPurged", data: { runId: "late", deletion: late, removed: 0 } }], now)

        expect(yield* cleanupTombstones({ ...week, dryRun: true })).toEqual(["gone"])
        expect(yield* cleanupTombstones(week)).toEqual(["gone"])
        yield* told([created("gone"), created("late"), created("trash")], now)
        expect(yield* isActive("gone")).toBe(true)
        for (const run of ["late", "trash", "objects left"]) expect(yield* isActive(run)).toBeUndefined()
        expect(yield* cleanupTombstones(week)).toEqual([])
        expect((yield* reads).trash).toHaveLength(1)
        expect(yield* dumped).toBe(yield* refolded)
      }),
    ))
})

describe("cleanup-orphan-blobs", () => {
  /** By the job's clock everything that a test puts is two days old. */
  const later = { now: () => now + 48 * hour }

  const scene = Effect.gen(function* () {
    for (const key of ["alive/a", "trash/a", "waiting/a", "done/late", "never/a", "never/b", "loose"]) yield* put(key)
    yield* told([created("alive"), created("trash"), deleted("trash")], now)
    yield* cleared("waiting", now + hour)
    const done = yield* cleared("done", now)
    yield* told([{ type: "BlobsPurged", data: { runId: "done", deletion: done, removed: 0 } }], now)
  })

  it("removes what is left of purged runs, and counts but keeps what no run is known for", () =>
    running(
      Effect.gen(function* () {
        yield* scene
        const report = { runs: ["waiting", "done"], removed: { objects: 2, bytes: 18 }, unknown: { objects: 2, bytes: 14 } }
        expect(yield* cleanupOrphans({ ...later, dryRun: true })).toMatchObject(report)
        expect(yield* keys).toHaveLength(7)
        expect(yield* cleanupOrphans(later)).toMatchObject(report)
        expect(yield* keys).toEqual(["alive/a", "loose", "never/a", "never/b", "trash/a"])
        yield* catchUp()
        expect((yield* reads).orphans).toEqual([])
        expect(yield* cleanupOrphans(later)).toMatchObject({ runs: [], removed: { objects: 0, bytes: 0 } })
        expect(yield* dumped).toBe(yield* refolded)
      }),
    ))

  it("removes what no run is known for when that is said, but for what is younger than a day", () =>
    running(
      Effect.gen(function* () {
        yield* scene
        const all = { unknownRuns: true }
        expect(yield* cleanupOrphans({ ...clock, ...all })).toMatchObject({ runs: ["waiting"] })
        expect(yield* keys).toEqual(["alive/a", "done/late", "loose", "never/a", "never/b", "trash/a"])
        yield* catchUp()
        expect(yield* cleanupOrphans({ ...later, ...all, limit: 1 })).toMatchObject({ removed: { objects: 1 } })
        yield* catchUp()
        expect(yield* cleanupOrphans({ ...later, ...all })).toMatchObject({ runs: ["never"], removed: { objects: 2 } })
        expect(yield* keys).toEqual(["alive/a", "loose", "trash/a"])
      }),
    ))

  it("gives up uploads in parts that were begun more than a week ago, but for younger ones and in a dry run", () =>
    running(
      Effect.gen(function* () {
        const { parts } = yield* BlobStore
        yield* told([created("alive")], now)
        const plan = { contentType: "text/plain", bytes: 1, partBytes: 5 * 2 ** 20, hasChecksums: false }
        for (const key of ["alive/a", "never/a"]) yield* parts.begin(key, plan)
        const left = Effect.map(parts.unfinished(""), (uploads) => uploads.length)
        const after = (hours: number) => ({ ...later, now: () => Date.now() / 1_000 + hours * hour })
        expect(yield* cleanupOrphans(after(167))).toMatchObject({ uploads: 0 })
        expect(yield* cleanupOrphans({ ...after(169), dryRun: true })).toMatchObject({ uploads: 2 })
        expect(yield* left).toBe(2)
        expect(yield* cleanupOrphans(after(169))).toMatchObject({ uploads: 2 })
        expect(yield* left).toBe(0)
      }),
    ))

  it("takes no run for unknown because it is not folded yet", () =>
    running(
      Effect.gen(function* () {
        yield* put("new/a")
        yield* told([created("other")], now)
        yield* append([created("new")], now)
        const refused = yield* Effect.flip(cleanupOrphans({ ...later, unknownRuns: true, waitSeconds: 0.05 }))
        expect(refused).toMatchObject({ _tag: "ProjectionsBehind" })
        expect(yield* keys).toEqual(["new/a"])
      }),
    ))
})

describe("the schedule", () => {
  const atOnce = { firstAfter: 0 }
  const busy = Effect.flatMap(KeyValueStore, (store) => store.read((tx) => lockOf(tx, "finish-stale", 0)))

  it("does the jobs that have a period, under their locks, and leaves one that another does", () =>
    running(
      Effect.gen(function* () {
        yield* told([created("run")], now - 25 * hour)
        const done: string[] = []
        const worker = { ...clock, onDone: (kind: string, _: number, outcome: string) => void done.push(`${kind} ${outcome}`) }
        const held = yield* Effect.forkChild(withLock("finish-stale", { ttlSeconds: 60, owner: "another" }, Effect.never))
        yield* until(busy, (lock) => lock !== undefined)
        const first = yield* Effect.forkChild(
          scheduledJobs({ ...atOnce, finishStaleEvery: 1, tombstonesEvery: 1, orphanBlobsEvery: 0 }, worker),
        )
        yield* until(
          Effect.sync(() => done.length),
          (count) => count === 1,
        )
        expect(done).toEqual(["cleanup-tombstones done"])
        yield* Fiber.interrupt(held)
        yield* Fiber.interrupt(first)

        const second = yield* Effect.forkChild(scheduledJobs({ ...atOnce, finishStaleEvery: 1 }, worker))
        yield* until(catchUp().pipe(Effect.andThen(isActive("run"))), (active) => active === false)
        yield* until(busy, (lock) => lock === undefined)
        expect(done).toEqual(["cleanup-tombstones done", "finish-stale done"])
        yield* Fiber.interrupt(second)
      }),
    ))

  it("begins with none at once: after everything was down, runs look silent that had nobody to log to", () =>
    running(
      Effect.gen(function* () {
        yield* told([created("run")], now - 25 * hour)
        const done: string[] = []
        const worker = { ...clock, onDone: (kind: string) => void done.push(kind) }
        const jobs = yield* Effect.forkChild(scheduledJobs({ finishStaleEvery: 5 }, worker))
        yield* TestClock.adjust("59 minutes")
        expect(yield* busy).toBeUndefined()
        expect(done).toEqual([])
        yield* TestClock.adjust("2 minutes")
        yield* until(
          Effect.sync(() => done),
          ({ length }) => length === 1,
        ).pipe(TestClock.withLive)
        yield* Fiber.interrupt(jobs)
      }).pipe(Effect.provide(TestClock.layer())),
    ))
})
