/** A long log is folded by several, who share its partitions. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { EventLog, partitionName } from "../../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../../domain/ports/key-value-store.ts"
import type { AnyFact } from "../../../events/index.ts"
import { FoldHelpers } from "../../../projections/fold-helpers.ts"
import type { FoldedPart } from "../../../projections/folded-part.ts"
import { foldAsOf } from "../../../projections/as-of.ts"
import { rebuild } from "../../../projections/rebuild.ts"
import { catchUp } from "../../../projections/worker.ts"
import { foldFibers } from "../../support/fold-fibers.ts"
import { append, foldedClean, named, onProjections, projected, projectedAsOf } from "../../support/projected.ts"

/** Runs of all partitions that share tags and experiments, which commands rename and delete. */
const history = (runs: number): readonly AnyFact[] =>
  Array.from({ length: runs }, (_, i): readonly AnyFact[] => [
    { type: "RunTagged", data: { runId: `run ${i}`, tagId: `tag ${i % 3}`, name: `tag ${i % 3}` } },
    { type: "RunExperimentSet", data: { runId: `run ${i}`, experimentId: `experiment ${i % 2}`, name: `e${i % 2}` } },
    named(`run ${i}`, `name ${i}`),
    ...(i % 7 === 0 ? ([{ type: "RunDeleted", data: { runId: `run ${i}` } }] as const) : []),
    ...(i % 5 === 0 ? ([{ type: "TagRenamed", data: { id: `tag ${i % 3}`, from: "", name: `renamed ${i}` } }] as const) : []),
  ]).flat()

type Folding<A, E> = Effect.Effect<A, E, EventLog | KeyValueStore>

/** With helpers, who tell what they folded apart from what the one that asks has. */
const helped = <A, E>(work: Folding<A, E>) =>
  Effect.flatMap(Effect.context<EventLog | KeyValueStore>(), (engines) => {
    const fibers = foldFibers(2, engines)
    const byHelpers: FoldedPart[] = []
    const help: typeof fibers.help = (errand, work, onFolded) =>
      fibers.help?.(errand, work, (part) => (byHelpers.push(part), onFolded(part))) ?? Effect.void
    return Effect.map(Effect.provideService(work, FoldHelpers, { ...fibers, help }), (answer) => ({ answer, byHelpers }))
  })

describe("Law 1: with helpers", () => {
  it("a rebuild comes out as a fold by one, and each event is folded by one of them", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(history(60))
        yield* catchUp()
        const told: FoldedPart[] = []
        const { byHelpers } = yield* helped(rebuild({ onFolded: (part) => void told.push(part) }))
        expect(yield* projected).toBe(yield* foldedClean)
        expect(byHelpers.length).toBeGreaterThan(0)
        expect(byHelpers.length).toBeLessThan(told.length)
        const ends = yield* EventLog.use((log) => log.ends)
        expect(told.reduce((sum, { events }) => sum + events, 0)).toBe(ends.reduce((sum, { offset }) => sum + offset, 0))
      }),
    ))

  it("a part of the log comes out as that part", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(history(30))
        const ends = yield* EventLog.use((log) => log.ends)
        const asked = ends.map((end) => `${partitionName(end)}/${end.offset - 1}`).join(",")
        yield* catchUp()
        const then = yield* projected
        yield* append(history(50))
        const { answer, byHelpers } = yield* helped(foldAsOf(asked))
        expect(yield* projectedAsOf(answer.id)).toBe(then)
        expect(byHelpers.length).toBeGreaterThan(0)
      }),
    ))
})

describe("a helper", () => {
  /** Its partition stays its own for ever, as far as the others know. */
  it("that dies with a partition in hand holds up nobody: what it left is folded without it", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(history(30))
        const help = FoldHelpers.of({ leastMillis: 0, help: (_, work) => Effect.sync(() => void work.take()) })
        yield* Effect.provideService(catchUp(), FoldHelpers, help)
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("that does not begin at all is not waited for", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(history(30))
        yield* Effect.provideService(catchUp(), FoldHelpers, { leastMillis: 0, help: () => Effect.never })
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("is not asked where too little is left, or one partition", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append([named("run", "a"), named("run", "b")])
        let asked = 0
        const help = (leastMillis: number) => ({ leastMillis, help: () => Effect.sync(() => void asked++) })
        yield* Effect.provideService(catchUp(), FoldHelpers, help(0))
        yield* append(history(3))
        yield* Effect.provideService(catchUp(), FoldHelpers, help(60_000))
        expect(asked).toBe(0)
      }),
    ))
})
