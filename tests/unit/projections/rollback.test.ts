/** Back to the generation that a rebuild has replaced. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { KeyValueStore, type Reader } from "../../../domain/ports/key-value-store.ts"
import { besideNow, openBeside } from "../../../projections/beside.ts"
import { formerGenerations, keptOf, spoil } from "../../../projections/former.ts"
import { pack } from "../../../projections/keys.ts"
import { abandonRebuild, rebuild } from "../../../projections/rebuild.ts"
import { rollback } from "../../../projections/rollback.ts"
import { directories, formerPath, foldVersion, servingGeneration } from "../../../projections/subspaces.ts"
import { takeBack } from "../../../projections/take-back.ts"
import { catchUp } from "../../../projections/worker.ts"
import { Curse } from "../../support/cursed.ts"
import { append, discardOf, foldedClean, named, onProjections, projected, verified } from "../../support/projected.ts"

const read = <A>(body: (tx: Reader) => Promise<A>) => KeyValueStore.use((store) => store.read(body))
const write = (body: Parameters<KeyValueStore["Service"]["write"]>[0]) => KeyValueStore.use((store) => store.write(body))
const serving = Effect.map(
  KeyValueStore.use((store) => store.read(servingGeneration)),
  (generation) => generation?.id,
)
const former = KeyValueStore.use((store) => store.read(formerGenerations))
const many = Array.from({ length: 30 }, (_, i) => named(`run-${i}`, `name ${i}`))
const kept = { keepMillis: 60_000 }

/** A store whose second generation serves, and whose first is kept. */
const rebuilt = Effect.gen(function* () {
  yield* append(many)
  yield* catchUp()
  yield* rebuild(kept)
})

describe("a rollback", () => {
  it("Law 1: lets the former generation serve, with what was logged since, and keeps the other", () =>
    onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* append([named("run-1", "later")])
        yield* catchUp()
        expect(yield* rollback(null, kept)).toBe(1)
        expect([yield* serving, yield* former]).toEqual([1, [2]])
        expect(yield* projected).toBe(yield* foldedClean)
        expect(yield* projected).toContain("later")
        expect((yield* verified).difference).toBeUndefined()
        expect(yield* rollback(2, kept)).toBe(2)
        expect(yield* rollback(2, kept)).toBe(2)
        expect([yield* serving, yield* former]).toEqual([2, [1]])
        yield* rebuild()
        expect(yield* serving).toBe(3)
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("gives no id twice, though generations went and came back meanwhile", () =>
    onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* rollback(1)
        expect([yield* serving, yield* former]).toEqual([1, []])
        yield* rebuild()
        expect(yield* serving).toBe(3)
      }),
    ))

  it("is refused, and changes nothing, where there is none, where it is unknown, of other code, or half removed", () =>
    onProjections(
      Effect.gen(function* () {
        yield* append(many)
        yield* catchUp()
        const refused = (id: number | null) =>
          Effect.map(Effect.flip(rollback(id)), (fault) => (fault instanceof Error ? fault.message : String(fault)))
        expect(yield* refused(null)).toContain("none was replaced and is still kept")
        yield* rebuild({ keep: true })
        yield* rebuild({ keep: true })
        const before = yield* projected
        expect(yield* refused(9)).toContain("those that were replaced are 1, 2")
        yield* write(async (tx) => spoil(tx, formerPath(1)))
        expect(yield* refused(1)).toContain("is being removed")
        yield* write(async (tx) => {
          const marks = (await tx.directory([...formerPath(2), ...directories.marks]))!
          tx.set(pack(["fold_version"], marks), encodeValue(foldVersion + 1))
        })
        expect(yield* refused(2)).toContain("another version of this software")
        expect(yield* refused(null)).toContain("of other code, or being removed")
        expect([yield* serving, yield* former, yield* projected]).toEqual([3, [1, 2], before])
        expect(yield* read(besideNow)).toBeUndefined()
      }),
    ))

  it("that was broken off is put back by a rebuild, which folds anew, and is kept as it was", () =>
    onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        const noted = yield* read((tx) => keptOf(tx, 1))
        yield* write(async (tx) => void (await takeBack(tx, "dead", 1)))
        expect(yield* former).toEqual([])
        yield* rebuild({ keep: true })
        expect([yield* serving, yield* former]).toEqual([3, [1, 2]])
        expect(yield* read((tx) => keptOf(tx, 1))).toEqual(noted)
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("gives up what a rebuild had begun", () =>
    onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* write(async (tx) => void (await openBeside(tx, "dead", 0)))
        expect(yield* rollback(1, kept)).toBe(1)
        expect([yield* serving, yield* former]).toEqual([1, [2]])
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("is refused where the log has discarded since what the former generation holds, which stays as it was", () => {
    const curse = new Curse()
    return onProjections(
      Effect.gen(function* () {
        const [position] = yield* append([named("a", "cursed"), named("a", "two"), ...many])
        yield* catchUp()
        curse.word = "cursed"
        yield* rebuild(kept)
        yield* append([discardOf(position!)])
        yield* catchUp()
        curse.word = undefined
        const before = yield* projected
        expect(yield* Effect.flip(rollback(1, kept))).toMatchObject({ message: expect.stringContaining("discarded since") })
        expect([yield* serving, yield* former, yield* projected]).toEqual([2, [1], before])
      }),
      { store: (layer) => curse.over(layer) },
    )
  })

  it("or a rebuild that died can be given up, with all that it has left", () =>
    onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* write(async (tx) => void (await takeBack(tx, "dead", 1)))
        expect(yield* abandonRebuild(9)).toBe(false)
        expect(yield* abandonRebuild(1)).toBe(true)
        expect(yield* read(besideNow)).toBeUndefined()
        expect([yield* serving, yield* former]).toEqual([2, []])
        yield* write(async (tx) => void (await openBeside(tx, "dead", 0)))
        expect(yield* abandonRebuild(3)).toBe(true)
        expect([yield* serving, yield* former, yield* read(besideNow)]).toEqual([2, [], undefined])
        yield* rebuild()
        expect([yield* serving, yield* projected]).toEqual([4, yield* foldedClean])
      }),
    ))
})
