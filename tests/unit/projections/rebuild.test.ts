/** A rebuild folds the whole log beside what serves, and takes its place at once. */
import { Clock, Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { KeyValueStore } from "../../../domain/ports/key-value-store.ts"
import { besideTarget, openBeside, RebuildLost } from "../../../projections/beside.ts"
import { deadLetters } from "../../../projections/dead-letters.ts"
import { foldToEnd } from "../../../projections/fold-to-end.ts"
import { makeFolder } from "../../../projections/folder.ts"
import { formerGenerations, noteKept, removeReplaced } from "../../../projections/former.ts"
import { hold, otherFoldVersion, swapIn } from "../../../projections/generations.ts"
import { pack } from "../../../projections/keys.ts"
import { rebuild } from "../../../projections/rebuild.ts"
import { servingTarget } from "../../../projections/serving-target.ts"
import { controlPath, foldVersion, servingGeneration } from "../../../projections/subspaces.ts"
import { makeView } from "../../../projections/view.ts"
import { catchUp, prepare, project } from "../../../projections/worker.ts"
import { Curse } from "../../support/cursed.ts"
import { append, discardOf, foldedClean, named, onProjections, projected, verified } from "../../support/projected.ts"
import { until } from "../../support/wait.ts"

const serving = KeyValueStore.use((store) => store.read(servingGeneration))
const write = (body: Parameters<KeyValueStore["Service"]["write"]>[0]) => KeyValueStore.use((store) => store.write(body))
const letters = Effect.flatMap(makeView, (view) => view.read(deadLetters))
const many = Array.from({ length: 30 }, (_, i) => named(`run-${i}`, `name ${i}`))

describe("a rebuild", () => {
  it("Law 1: gives the same rows under a new generation, and removes the old one", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        const before = yield* projected
        yield* rebuild()
        expect(yield* projected).toBe(before)
        expect(yield* serving).toMatchObject({ id: 2, holder: null })
        expect(yield* KeyValueStore.use((store) => store.read(formerGenerations))).toEqual([])
        yield* append([named("run-1", "later")])
        yield* catchUp()
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("keeps the old one for its time, or until told, and what is due goes beside the folding", () =>
    onProjections(
      Effect.gen(function* () {
        const former = KeyValueStore.use((store) => store.read(formerGenerations))
        yield* append(many)
        yield* catchUp()
        yield* rebuild({ keep: true })
        yield* rebuild({ keepMillis: 60_000 })
        expect(yield* former).toEqual([1, 2])
        yield* rebuild({ removeLater: true })
        expect(yield* former).toEqual([1, 2, 3])
        yield* removeReplaced
        expect(yield* former).toEqual([1, 2])
        yield* write(async (tx) => noteKept(tx, 2, { replacedAt: 0, until: 1 }))
        yield* removeReplaced
        expect(yield* former).toEqual([1])
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("mends rows that the log does not say", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        const { prefixes } = (yield* serving)!
        yield* write(async (tx) => tx.set(pack(["no such row"], prefixes.runs), encodeValue("x")))
        expect((yield* verified).difference).toBeDefined()
        yield* rebuild()
        expect((yield* verified).difference).toBeUndefined()
      }),
    ))

  it("goes on beside a projector and what is appended meanwhile, and readers never step back", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        const projector = yield* Effect.forkChild(project())
        const view = yield* makeView
        let appended = 0
        let seen = -1
        let isOver = false
        // Ended by a flag: what is interrupted may be in the log nevertheless, at some later time.
        const appending = yield* Effect.forkChild(
          Effect.suspend(() => append([named("run", String(appended++).padStart(6, "0"))])).pipe(
            Effect.repeat({ while: () => !isOver }),
          ),
        )
        const reading = yield* Effect.forkChild(
          Effect.forever(
            Effect.gen(function* () {
              const name = yield* view.read((rows) => rows.get("runs", ["run", "meta", "name", "__leaf__"]))
              const now = name === undefined ? -1 : Number(name)
              if (now < seen) throw new Error(`stepped back from ${seen} to ${now}`)
              seen = now
              yield* Effect.sleep(1)
            }),
          ),
        )
        for (let i = 0; i < 3; i++) yield* rebuild()
        isOver = true
        yield* Fiber.join(appending)
        expect(appended).toBeGreaterThan(1)
        yield* Effect.promise(() =>
          until(
            "the last name",
            () => seen,
            (now) => now === appended - 1,
          ),
        )
        expect(reading.pollUnsafe()).toBeUndefined()
        yield* Fiber.interrupt(projector)
        yield* catchUp()
        expect((yield* serving)?.id).toBe(4)
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("drops what was left of one by other code, and begins anew", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        yield* write(async (tx) => {
          await openBeside(tx, "dead", 0)
          const marks = (await tx.directory(["matyan", "beside", "matyan", "marks"]))!
          tx.set(pack(["fold_version"], marks), encodeValue(999))
          tx.set(pack(["checkpoint", "control-events", 0], marks), encodeValue(77))
        })
        yield* rebuild()
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("is refused while another is alive, and takes over from one that died", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        const beat = (count: number) =>
          write(async (tx) =>
            tx.set(pack(["rebuild_lock"], await tx.createDirectory(controlPath)), encodeValue(["another", count])),
          )
        yield* beat(0)
        const alive = yield* Effect.forkChild(
          Effect.forever(
            Effect.andThen(
              Effect.sleep(20),
              Effect.suspend(() => beat(performance.now())),
            ),
          ),
        )
        expect(yield* Effect.flip(rebuild({ leaseMillis: 2_000 }))).toMatchObject({ _tag: "RebuildRunning" })
        yield* Fiber.interrupt(alive)
        yield* rebuild({ leaseMillis: 300 })
        expect((yield* serving)?.id).toBe(2)
      }),
    ))

  it("that died while projectors waited for it holds them up for a moment only", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        yield* write(async (tx) => hold(tx, "dead"))
        yield* append([named("run-1", "later")])
        const target = servingTarget(yield* Clock.Clock, 50)
        yield* foldToEnd(yield* makeFolder({ sliceSize: 10, target }))
        expect(yield* serving).toMatchObject({ holder: null })
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("is not swapped in before it holds all that serves, nor by anybody but its owner", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        const swap = (owner: string) =>
          KeyValueStore.use((store) => store.write(async (tx) => swapIn(tx, owner, 2, { replacedAt: 0, until: null })))
        yield* write(async (tx) => void (await openBeside(tx, "owner", 0)))
        expect(yield* swap("owner")).toBe("behind")
        expect(yield* serving).toMatchObject({ id: 1 })
        yield* foldToEnd(yield* makeFolder({ sliceSize: 10, target: besideTarget("owner") }))
        expect(yield* swap("another").pipe(Effect.catchDefect((defect) => Effect.succeed(defect)))).toBeInstanceOf(RebuildLost)
        yield* append([named("run-1", "later")])
        yield* catchUp()
        expect(yield* swap("owner")).toBe("behind")
        yield* foldToEnd(yield* makeFolder({ sliceSize: 10, target: besideTarget("owner") }))
        const before = yield* projected
        expect(yield* swap("owner")).toBe("swapped")
        expect(yield* serving).toMatchObject({ id: 2 })
        expect(yield* projected).toBe(before)
        // As where a store cannot tell whether the commit was done, and tries again.
        expect(yield* swap("owner")).toBe("swapped")
      }),
    ))

  it("has projectors wait while it holds them, and no longer", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        const before = yield* projected
        yield* write(async (tx) => hold(tx, "owner"))
        yield* append([named("run-1", "later")])
        let tries = 0
        const target = servingTarget(yield* Clock.Clock, 60_000)
        const folder = yield* makeFolder({ sliceSize: 10, target: (tx) => (tries++, target(tx)) })
        const folding = yield* Effect.forkChild(foldToEnd(folder))
        yield* Effect.promise(() =>
          until(
            "several tries",
            () => tries,
            (count) => count > 5,
          ),
        )
        expect(yield* projected).toBe(before)
        yield* write(async (tx) => hold(tx, null))
        yield* Fiber.join(folding)
        expect(yield* projected).toContain("later")
      }),
    ))

  it("Law 1: nothing is folded into projections of other code, for an old projector lives on for a while after an upgrade", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        const { prefixes } = (yield* serving)!
        yield* write(async (tx) => tx.set(pack(["fold_version"], prefixes.marks), encodeValue(foldVersion + 1)))
        const before = yield* projected
        yield* append([named("later", "later")])
        expect(yield* Effect.flip(catchUp())).toMatchObject({ _tag: "StoreUnavailable" })
        expect(yield* projected).toBe(before)
        yield* prepare
        yield* rebuild()
        yield* catchUp()
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("tells which projections were folded by other code", () =>
    onProjections(
      Effect.gen(function* () {
        const other = KeyValueStore.use((store) => store.read(otherFoldVersion))
        yield* append(many)
        yield* catchUp()
        expect(yield* other).toBeNull()
        const { prefixes } = (yield* serving)!
        yield* write(async (tx) => tx.clear(pack(["fold_version"], prefixes.marks)))
        expect(yield* other).toBe(0)
        yield* rebuild()
        expect(yield* other).toBeNull()
      }),
    ))
})

describe("a dead letter", () => {
  const facts = [named("a", "one"), named("a", "cursed"), named("a", "two")]

  it("Law 1: is folded by a rebuild once it can be, as if it had never failed", () => {
    const curse = new Curse()
    curse.word = "cursed"
    return onProjections(
      Effect.gen(function* () {
        yield* append([...facts, named("c", "cursed")])
        yield* catchUp()
        expect((yield* letters).map(({ type, key }) => [type, key])).toEqual([
          ["RunRenamed", "a"],
          ["RunRenamed", "c"],
        ])
        const found = yield* verified
        expect(found.difference).toBeUndefined()
        expect(found.deadLetters).toHaveLength(2)
        curse.word = undefined
        yield* rebuild()
        expect(yield* letters).toEqual([])
        expect(yield* projected).toBe(yield* foldedClean)
        expect(yield* projected).toContain("cursed")
      }),
      { store: (layer) => curse.over(layer) },
    )
  })

  it("that is discarded stays out for ever, and verify agrees", () => {
    const curse = new Curse()
    curse.word = "cursed"
    return onProjections(
      Effect.gen(function* () {
        yield* append(facts)
        yield* catchUp()
        const [letter] = yield* letters
        yield* append([discardOf(letter!.position)])
        yield* catchUp()
        const before = yield* projected
        curse.word = undefined
        expect((yield* verified).difference).toBeUndefined()
        const begins: number[] = []
        yield* rebuild({ onBegun: (from) => expect(begins.push(from.size)).toBeLessThan(3) })
        expect(yield* projected).toBe(before)
        expect(yield* letters).toMatchObject([{ position: letter!.position, discarded: { reason: "of no use" } }])
        expect(yield* foldedClean).toBe(before)
      }),
      { store: (layer) => curse.over(layer) },
    )
  })

  it("that is discarded after a rebuild has folded it makes that rebuild begin anew", () => {
    const curse = new Curse()
    curse.word = "cursed"
    return onProjections(
      Effect.gen(function* () {
        yield* append(facts)
        yield* catchUp()
        const [letter] = yield* letters
        curse.word = undefined
        const begun = yield* makeFolder({ sliceSize: 10, target: besideTarget("dead") })
        yield* write(async (tx) => void (await openBeside(tx, "dead", 0)))
        yield* foldToEnd(begun)
        yield* append([discardOf(letter!.position)])
        yield* catchUp()
        const before = yield* projected
        const begins: number[] = []
        yield* rebuild({ onBegun: (from) => void begins.push(from.size) })
        expect(begins).toEqual([1, 0])
        expect(yield* projected).toBe(before)
        expect(before).not.toContain("cursed")
      }),
      { store: (layer) => curse.over(layer) },
    )
  })
})
