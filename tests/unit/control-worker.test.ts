/** The way of a deleted run to nothing: trash, purge, objects, each step an event. */
import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import { BlobStore, BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { type ControlWorkerOptions, makeControlWorker } from "../../projections/control-worker.ts"
import { eachPage } from "../../projections/row-pages.ts"
import { trashed } from "../../projections/trash.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { freshFolder } from "../support/folders.ts"
import {
  append,
  created,
  deleted,
  dumped,
  engines,
  halted,
  hour,
  keys,
  logged,
  put,
  reads,
  refolded,
  told,
  until,
} from "../support/jobs.ts"

/** A little ahead of the clock that tells when objects were put, so that those of the tests are older than a deletion now. */
const now = Date.now() / 1000 + 300

const options: ControlWorkerOptions = { trashHours: 1, scanEverySeconds: 1, now: () => now }
const running = <A, E>(test: Effect.Effect<A, E, BlobStore | EventLog | KeyValueStore>) =>
  Effect.runPromise(test.pipe(Effect.provide(engines(freshFolder()))))

const types = Effect.map(logged, (events) => events.map(({ type }) => type))
const countOf = (type: string) => Effect.map(types, (all) => all.filter((one) => one === type).length)

describe("the control worker", () => {
  it("leaves a deleted run in the trash until it is due, then clears its data and its objects, and no others", () =>
    running(
      Effect.gen(function* () {
        yield* put("run/model.bin")
        yield* put("run2/model.bin")
        yield* told([created("run"), deleted("run")], now + 1)
        let clock = now + 10
        const worker = yield* makeControlWorker({ ...options, now: () => clock })
        const following = yield* Effect.forkChild(worker.follow)

        yield* worker.scan
        yield* catchUp()
        expect(yield* reads).toMatchObject({ trash: [{ runId: "run", at: now + 1 }], orphans: [] })
        expect((yield* reads).run).toBeGreaterThan(0)

        clock = now + 2 * hour
        yield* worker.scan
        yield* catchUp()
        expect(yield* reads).toMatchObject({ trash: [], orphans: [{ runId: "run", at: now + 1 }], run: 0 })

        yield* worker.scan
        expect(yield* until(keys, (left) => left.length === 1)).toEqual(["run2/model.bin"])
        yield* until(catchUp().pipe(Effect.andThen(reads)), ({ orphans }) => orphans.length === 0)
        yield* Fiber.interrupt(following)
      }),
    ))

  it("gives up the uploads of a purged run that have not ended, and of no other", () =>
    running(
      Effect.gen(function* () {
        const { parts } = yield* BlobStore
        const plan = { contentType: "text/plain", bytes: 1, partBytes: 5 * 2 ** 20, hasChecksums: false }
        for (const key of ["run/a", "run/b", "run2/a"]) yield* parts.begin(key, plan)
        yield* told([created("run"), created("run2"), deleted("run")], now + 1)
        const worker = yield* makeControlWorker({ ...options, now: () => now + 2 * hour })
        const following = yield* Effect.forkChild(worker.follow)
        yield* worker.scan
        yield* until(
          catchUp().pipe(Effect.andThen(worker.scan), Effect.andThen(parts.unfinished(""))),
          (left) => left.length === 1,
        )
        expect((yield* parts.unfinished("")).map(({ key }) => key)).toEqual(["run2/a"])
        yield* Fiber.interrupt(following)
      }),
    ))

  it("keeps the objects that were uploaded after the deletion, when the id is used again", () =>
    running(
      Effect.gen(function* () {
        yield* append([created("run")], now - 2_000)
        yield* append([deleted("run")], now - 1_500)
        yield* append([{ type: "TombstoneLifted", data: { runId: "run" } }], now - 1_400)
        yield* put("run/new.bin")
        yield* catchUp()
        expect((yield* reads).orphans).toHaveLength(1)
        const worker = yield* makeControlWorker(options)
        const following = yield* Effect.forkChild(worker.follow)
        yield* worker.scan
        yield* until(catchUp().pipe(Effect.andThen(reads)), ({ orphans }) => orphans.length === 0)
        expect(yield* keys).toEqual(["run/new.bin"])
        yield* Fiber.interrupt(following)
      }),
    ))

  it("keeps the objects of a run that uses the id again though the blob store's clock is behind, and those it refers to", () =>
    running(
      Effect.gen(function* () {
        yield* put("run/reused.bin")
        yield* put("run/new.bin")
        // By the store's clock both were put before the deletion: the first long ago, the second a little.
        const old = now + 2 * hour
        yield* append([created("run"), deleted("run")], old)
        const lifted = { type: "TombstoneLifted", data: { runId: "run" } } as const
        const artifact = { runId: "run", path: "reused.bin", key: "run/reused.bin", contentType: "text/plain" }
        yield* told([lifted, created("run"), { type: "ArtifactLogged", data: artifact }], old)
        yield* put("run/again.bin")
        const worker = yield* makeControlWorker(options)
        const following = yield* Effect.forkChild(worker.follow)
        yield* worker.scan
        yield* until(catchUp().pipe(Effect.andThen(reads)), ({ orphans }) => orphans.length === 0)
        expect(yield* keys).toEqual(["run/reused.bin"])

        yield* told([deleted("run"), lifted, created("run")], now + 600)
        yield* worker.scan
        yield* until(catchUp().pipe(Effect.andThen(reads)), ({ orphans }) => orphans.length === 0)
        expect(yield* keys).toEqual(["run/reused.bin"])
        yield* Fiber.interrupt(following)
      }),
    ))

  it("leaves a restored run whole, even when it was found due before it was restored", () =>
    running(
      Effect.gen(function* () {
        yield* put("run/model.bin")
        yield* told([created("run"), deleted("run")], now - 2 * hour)
        const worker = yield* makeControlWorker(options)
        const following = yield* Effect.forkChild(worker.follow)
        yield* append([{ type: "RunRestored", data: { runId: "run" } }], now)
        // The scan sees what was folded: the run is in the trash and due.
        yield* worker.scan
        expect(yield* countOf("RunPurged")).toBe(1)
        yield* catchUp()
        yield* worker.scan
        expect(yield* reads).toMatchObject({ trash: [], orphans: [] })
        expect((yield* reads).run).toBeGreaterThan(0)
        expect(yield* keys).toEqual(["run/model.bin"])
        yield* Fiber.interrupt(following)
      }),
    ))

  it("says a thing once, however long the projections are behind and however often it scans", () =>
    running(
      Effect.gen(function* () {
        yield* told([created("a"), deleted("a"), created("b"), deleted("b")], now - 2 * hour)
        const worker = yield* makeControlWorker(options)
        for (let i = 0; i < 5; i++) yield* worker.scan
        expect(yield* countOf("RunPurged")).toBe(2)
        yield* catchUp()
        for (let i = 0; i < 5; i++) yield* worker.scan
        expect(yield* countOf("BlobsOrphaned")).toBe(2)
        // Another begins with what stands.
        yield* (yield* makeControlWorker(options)).scan
        expect(yield* countOf("BlobsOrphaned")).toBe(4)
      }),
    ))

  it("empties a large trash in bounded steps, and has nothing left to scan then", () =>
    running(
      Effect.gen(function* () {
        const runs = Array.from({ length: 250 }, (_, i) => `run-${i}`)
        yield* told(
          runs.flatMap((run) => [created(run), deleted(run)]),
          now - 2 * hour,
        )
        const seen: string[] = []
        const take = (page: readonly { readonly runId: string }[]) =>
          Effect.sync(() => seen.push(...page.map(({ runId }) => runId)) > 0)
        yield* eachPage(yield* makeView, trashed, ({ runId }) => runId, take, 60)
        expect(seen).toEqual(runs.toSorted())
        const worker = yield* makeControlWorker({ ...options, mostPerScan: 100 })
        const following = yield* Effect.forkChild(worker.follow)
        for (const most of [100, 200, 250]) {
          yield* worker.scan
          expect(yield* countOf("RunPurged")).toBe(most)
        }
        const emptied = worker.scan.pipe(Effect.andThen(catchUp()), Effect.andThen(reads))
        yield* until(emptied, ({ trash, orphans }) => trash.length === 0 && orphans.length === 0)
        expect(yield* countOf("BlobsOrphaned")).toBe(250)
        yield* halted(following)
        expect(yield* dumped).toBe(yield* refolded)
      }),
    ))

  it("tries again what could not be removed, without saying it again", () => {
    const outcomes: string[] = []
    return running(
      Effect.gen(function* () {
        yield* put("run/model.bin")
        yield* told([created("run"), deleted("run"), { type: "TombstoneLifted", data: { runId: "run" } }], now + 1)
        const blobs = yield* BlobStore
        let isAway = true
        const worker = yield* makeControlWorker({
          ...options,
          onDone: (kind, _, outcome) => outcomes.push(`${kind} ${outcome}`),
        }).pipe(
          Effect.provideService(BlobStore, {
            ...blobs,
            list: (...asked) => (isAway ? Effect.fail(new BlobStoreUnavailable({ message: "away" })) : blobs.list(...asked)),
          }),
        )
        const following = yield* Effect.forkChild(worker.follow)
        yield* worker.scan
        yield* until(
          Effect.sync(() => outcomes.length),
          (count) => count > 0,
        )
        yield* worker.scan
        isAway = false
        yield* until(worker.scan.pipe(Effect.andThen(keys)), (left) => left.length === 0)
        expect(yield* countOf("BlobsOrphaned")).toBe(1)
        expect(outcomes.at(0)).toBe("BlobsOrphaned blobs")
        expect(outcomes).toContain("BlobsOrphaned done")
        yield* Fiber.interrupt(following)
      }),
    )
  })
})
