/** The control worker dies anywhere, any number of times, beside another: the trash is emptied of what was due, and of nothing else. */
import fc from "fast-check"
import { Effect, Fiber } from "effect"
import { expect, it } from "vitest"
import type { AnyFact } from "../../events/index.ts"
import { type ControlWorkerOptions, makeControlWorker } from "../../projections/control-worker.ts"
import { catchUp } from "../../projections/worker.ts"
import { freshFolder } from "../support/folders.ts"
import { Fuse, type Last } from "../support/fuse.ts"
import { created, deleted, dumped, engines, halted, hour, keys, put, reads, refolded, told, until } from "../support/jobs.ts"

interface Life {
  /** It dies at the call of a port after so many. */
  readonly calls: number
  readonly last: Last
  /** Whether the projector works meanwhile, and whether a second worker does the same things. */
  readonly folds: boolean
  readonly two: boolean
}

const aLife: fc.Arbitrary<Life> = fc.record({
  calls: fc.nat(14),
  last: fc.constantFrom<Last>("before", "after"),
  folds: fc.boolean(),
  two: fc.boolean(),
})

/** Ahead of the clock that tells when objects were put. */
const now = Date.now() / 1000 + 4 * hour
const options: ControlWorkerOptions = { trashHours: 1, scanEverySeconds: 1, now: () => now }
const lifted = (runId: string): AnyFact => ({ type: "TombstoneLifted", data: { runId } })

const scene = Effect.gen(function* () {
  for (const run of ["due", "due2", "young", "alive", "restored", "again"]) yield* put(`${run}/old`)
  const old = now - 2 * hour
  yield* told(["due", "due2", "young", "alive", "restored", "again"].map(created), old)
  yield* told(["due", "due2", "restored", "again"].map(deleted), old)
  const kept: AnyFact = { type: "ArtifactLogged", data: { runId: "again", path: "kept", key: "again/kept", contentType: "t" } }
  yield* put("again/kept")
  yield* told([lifted("again"), created("again"), kept, { type: "RunRestored", data: { runId: "restored" } }], old)
  yield* told([deleted("young")], now)
})

/** One worker's life: it scans and follows until it dies, or for three scans. */
const lived = ({ folds, two }: Life, fuse: Fuse) =>
  Effect.gen(function* () {
    const workers = yield* Effect.forEach(two ? [0, 1] : [0], () => makeControlWorker(options))
    const following = yield* Effect.forEach(workers, (worker) => Effect.forkChild(Effect.exit(worker.follow)))
    for (let i = 0; i < 3 && !fuse.isBlown; i++) {
      yield* Effect.forEach(workers, (worker) => Effect.exit(worker.scan), { concurrency: "unbounded" })
      if (folds) yield* catchUp()
    }
    yield* Effect.forEach(following, Fiber.interrupt)
  })

const emptied = Effect.gen(function* () {
  const worker = yield* makeControlWorker(options)
  const following = yield* Effect.forkChild(worker.follow)
  const look = worker.scan.pipe(Effect.andThen(catchUp()), Effect.andThen(reads))
  yield* until(look, ({ trash, orphans }) => trash.length === 1 && orphans.length === 0)
  yield* halted(following)
})

it("what was due is gone with its objects, and all else is there, wherever the control worker dies", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aLife, { minLength: 1, maxLength: 5 }), async (lives) => {
      const fuse = new Fuse()
      await Effect.runPromise(
        Effect.gen(function* () {
          yield* scene
          for (const life of lives) {
            fuse.renew(life.calls, life.last)
            yield* lived(life, fuse)
            fuse.renew()
          }
          yield* emptied
          expect((yield* reads).trash.map(({ runId }) => runId)).toEqual(["young"])
          expect(yield* keys).toEqual(["again/kept", "alive/old", "restored/old", "young/old"])
          expect(yield* dumped).toBe(yield* refolded)
        }).pipe(Effect.provide(fuse.over(engines(freshFolder())))),
      )
    }),
    { numRuns: Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 8) },
  )
})
