/** Which failures of a fold bury an event, and what becomes of the letters. */
import { Effect, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { EventLog, LogUnavailable, type SetAside } from "../../../domain/ports/event-log.ts"
import type { AnyFact, Undecodable } from "../../../events/index.ts"
import { bury, deadLetters, keptBytesAt, pendingLetters } from "../../../projections/dead-letters.ts"
import { positionName, positionNamed } from "../../../domain/positions.ts"
import { WritableRows } from "../../../projections/rows.ts"
import { createGeneration } from "../../../projections/subspaces.ts"
import { KeyValueStore } from "../../../domain/ports/key-value-store.ts"
import { makeView } from "../../../projections/view.ts"
import { rebuild } from "../../../projections/rebuild.ts"
import { catchUp, project } from "../../../projections/worker.ts"
import { Curse } from "../../support/cursed.ts"
import { append, discardOf, foldedClean, named, onProjections, projected } from "../../support/projected.ts"
import { until } from "../../support/wait.ts"

const letters = Effect.flatMap(makeView, (view) => view.read(deadLetters))
const pending = Effect.flatMap(makeView, (view) => view.read((rows) => pendingLetters(rows)))
const poison = (runId: string): AnyFact => ({
  type: "AttributesSet",
  data: { runId, paths: [["a"]], values: [Uint8Array.of(0xc1)] },
})
const cursedNames = (count: number) => Array.from({ length: count }, (_, i) => named("run", `cursed ${i}`))

const cursed = <A, E>(test: (curse: Curse) => Parameters<typeof onProjections<A, E>>[0]): Promise<A> => {
  const curse = new Curse()
  curse.word = "cursed"
  return onProjections(test(curse), { store: (layer) => curse.over(layer) })
}

describe("an event that fails to fold", () => {
  it("is not buried where it folds when it is tried again", () =>
    cursed((curse) =>
      Effect.gen(function* () {
        curse.times = 2
        yield* append(cursedNames(1))
        yield* catchUp()
        expect(yield* letters).toEqual([])
        expect(yield* projected).toContain("cursed 0")
      }),
    ))

  it("stops the folding when ten of its type before it failed too, and none of them is lost", () =>
    cursed((curse) =>
      Effect.gen(function* () {
        yield* append(cursedNames(12))
        expect(yield* Effect.flip(catchUp())).toMatchObject({ _tag: "FoldBroken", type: "RunRenamed" })
        expect(yield* letters).toHaveLength(10)
        curse.word = undefined
        yield* catchUp()
        expect(yield* letters).toHaveLength(10)
        yield* rebuild()
        expect(yield* letters).toEqual([])
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("is buried, however many there are, where its own bytes are at fault", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append([...Array.from({ length: 15 }, () => poison("run")), named("run", "after")])
        yield* catchUp()
        expect(yield* letters).toHaveLength(15)
        expect(yield* projected).toContain("after")
      }),
    ))

  it("does not count as one in a row when others of its type fold in between", () =>
    cursed(() =>
      Effect.gen(function* () {
        yield* append(cursedNames(12).flatMap((fact, i) => [fact, named("run", `sound ${i}`)]))
        yield* catchUp()
        expect(yield* letters).toHaveLength(12)
      }),
    ))
})

describe("dead letters", () => {
  it("are counted while they are pending, and no longer once they are discarded", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append([poison("a"), poison("b")])
        yield* catchUp()
        expect(yield* pending).toMatchObject({ count: 2 })
        expect((yield* pending).oldest).toBeGreaterThan(1_600_000_000)
        const [first] = yield* letters
        yield* append([discardOf(first!.position), discardOf(first!.position)])
        yield* catchUp()
        expect(yield* pending).toMatchObject({ count: 1 })
        expect((yield* letters).map(({ discarded }) => discarded?.reason)).toEqual(["of no use", undefined])
      }),
    ))

  it("keep the bytes and key of what cannot be decoded, within what a row holds", () =>
    onProjections(
      Effect.gen(function* () {
        yield* catchUp()
        const position = { topic: "data-ingestion", partition: 1, offset: 7 } as const
        const bytes = Buffer.alloc(5_000_000, 3)
        const record: Undecodable = {
          type: "Undecodable",
          position,
          key: "k".repeat(100_000),
          bytes,
          reason: "r".repeat(100_000),
        }
        yield* KeyValueStore.use((store) =>
          store.write(async (tx) =>
            bury(new WritableRows(tx, await createGeneration(tx)), [{ record, reason: record.reason }], 5),
          ),
        )
        const view = yield* makeView
        expect((yield* view.read((rows) => keptBytesAt(rows, position)))?.length).toBe(64_000)
        expect(yield* letters).toMatchObject([{ position, type: "Undecodable", appendedAt: null, buriedAt: 5, discarded: null }])
      }),
    ))

  it("are listed page by page", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(Array.from({ length: 7 }, (_, i) => poison(`run-${i}`)))
        yield* catchUp()
        const view = yield* makeView
        const all = (yield* letters).map(({ position }) => positionName(position))
        const paged: string[] = []
        for (let page = yield* view.read((rows) => deadLetters(rows, { limit: 3 })); page.length > 0;) {
          paged.push(...page.map(({ position }) => positionName(position)))
          const after = page.at(-1)!.position
          page = yield* view.read((rows) => deadLetters(rows, { limit: 3, after }))
        }
        expect(paged).toEqual(all)
        expect(all).toHaveLength(7)
      }),
    ))

  it("are found in the log by their positions", () =>
    onProjections(
      Effect.gen(function* () {
        const [position] = yield* append([named("run", "found")])
        const name = positionName(position!)
        expect(positionNamed(name)).toEqual(position)
        const [record] = yield* EventLog.use((log) => log.recordsAt([position!]))
        expect(record).toMatchObject({ type: "RunRenamed", data: { name: "found" } })
        for (const wrong of [
          "",
          "x/1/2",
          "data-ingestion/1",
          "data-ingestion/-1/2",
          "data-ingestion/1/2/3",
          "control-events/0/1e3",
        ])
          expect(positionNamed(wrong)).toBeUndefined()
      }),
    ))
})

describe("setting aside", () => {
  /** A log that notes what it sets aside, and may be away for that. */
  const noting = (noted: string[], isAway: () => boolean) => (layer: Layer.Layer<EventLog, unknown>) =>
    Layer.effect(
      EventLog,
      Effect.map(EventLog, (log) => ({
        ...log,
        setAside: (asked: readonly SetAside[]) =>
          Effect.suspend(() => {
            if (isAway()) return Effect.fail(new LogUnavailable({ message: "injected" }))
            noted.push(...asked.map(({ position, reason }) => `${position.topic}: ${reason}`))
            return Effect.void
          }),
      })),
    ).pipe(Layer.provide(layer))

  it("is asked of the log once for each letter, also for those that an ended projector left, and holds up no fold", () => {
    const noted: string[] = []
    let isAway = true
    return onProjections(
      Effect.gen(function* () {
        const view = yield* makeView
        yield* append([poison("a"), named("a", "folded")])
        const first = yield* Effect.forkChild(project())
        const isFolded = () =>
          Effect.runPromise(view.read((rows) => rows.has("runs", ["a", "meta", "name", "__leaf__"]))).catch(() => false)
        yield* Effect.promise(() => until("the event behind the letter", isFolded, (yes) => yes))
        yield* Fiber.interrupt(first)
        expect(noted).toEqual([])
        isAway = false
        const second = yield* Effect.forkChild(project())
        yield* Effect.promise(() =>
          until(
            "the letter of before",
            () => noted.length,
            (count) => count === 1,
          ),
        )
        yield* append([poison("b")])
        yield* Effect.promise(() =>
          until(
            "the new letter",
            () => noted.length,
            (count) => count === 2,
          ),
        )
        yield* Fiber.interrupt(second)
        yield* rebuild()
        const third = yield* Effect.forkChild(project())
        yield* append([poison("c")])
        yield* Effect.promise(() =>
          until(
            "the letter after a rebuild",
            () => noted.length,
            (count) => count >= 3,
          ),
        )
        yield* Fiber.interrupt(third)
        expect(noted).toHaveLength(3)
        expect(noted[0]).toContain("the fold failed")
      }),
      { log: noting(noted, () => isAway) },
    )
  })
})
