/** Where a fold as of a time or positions ends, and what becomes of it. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { EventLog } from "../../../domain/ports/event-log.ts"
import { KeyValueStore, type Reader } from "../../../domain/ports/key-value-store.ts"
import { foldAsOf } from "../../../projections/as-of.ts"
import { endsOf, lastText } from "../../../projections/as-of-cut.ts"
import { asOfGenerations, giveUpAsOf, openAsOf } from "../../../projections/as-of-generations.ts"
import { removeReplaced } from "../../../projections/former.ts"
import { pack } from "../../../projections/keys.ts"
import { rebuild } from "../../../projections/rebuild.ts"
import { asOfPath, foldVersion } from "../../../projections/subspaces.ts"
import { catchUp } from "../../../projections/worker.ts"
import { stamped } from "../../support/folding.ts"
import { append, discardOf, named, onProjections, projected, projectedAsOf } from "../../support/projected.ts"

const noted = (title: string, at: number) =>
  stamped({ type: "NoteCreated", data: { id: title, runId: null, experimentId: "e", content: title } }, at)

/** Five notes, of which the third was taken later than the two after it. */
const notes = EventLog.use((log) =>
  log.append([noted("a", 100), noted("b", 200), noted("c", 400), noted("d", 300), noted("e", 500)]),
)

const read = <A>(body: (tx: Reader) => Promise<A>) => KeyValueStore.use((store) => store.read(body))
const write = (body: Parameters<KeyValueStore["Service"]["write"]>[0]) => KeyValueStore.use((store) => store.write(body))
const message = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault))

describe("what is folded as of", () => {
  it("a time ends before the first event that was taken later, whatever stands behind it", () =>
    onProjections(
      Effect.gen(function* () {
        yield* notes
        const ofNotes = (asked: string) => Effect.map(endsOf(asked), (ends) => ends.get("control-events/0"))
        for (const [asked, end] of [
          ["99.9", 0],
          ["100", 1],
          ["1970-01-01T00:03:20Z", 2],
          ["1970-01-01 00:03:20", 2],
          ["1970-01-01T01:03:20+01:00", 2],
          ["1970-01-01T00:03:19.999Z", 1],
          ["350", 2],
          ["400", 4],
          ["1970-01-01", 0],
          ["1970-01-02", 5],
          ["500", 5],
        ] as const)
          expect([asked, yield* ofNotes(asked)]).toEqual([asked, end])
      }),
    ))

  it("positions holds the events there, and all of the partitions that are not named", () =>
    onProjections(
      Effect.gen(function* () {
        yield* notes
        yield* append([named("r", "x")])
        const all = yield* endsOf("data-ingestion/0/-1,data-ingestion/1/-1")
        expect(all.get("control-events/0")).toBe(5)
        expect([all.get("data-ingestion/0"), all.get("data-ingestion/1")]).toEqual([0, 0])
        const some = yield* endsOf(" control-events/0/2 ")
        expect(some.get("control-events/0")).toBe(3)
        expect((some.get("data-ingestion/0") ?? 0) + (some.get("data-ingestion/1") ?? 0)).toBe(1)
        expect(yield* endsOf(lastText(some))).toEqual(some)
      }),
    ))

  it("anything else is refused in words", () =>
    onProjections(
      Effect.gen(function* () {
        yield* notes
        for (const [asked, text] of [
          ["yesterday", "neither a time"],
          ["", "neither a time"],
          ["2026-13-40T00:00:00Z", "neither a time"],
          ["1970-02-31", "neither a time"],
          ["1970-01-01T24:01", "neither a time"],
          ["9999-01-01", "still to come"],
          ["control-events/0/5", "beyond the end of the log"],
          ["control-events/0/-2", "neither a time"],
          ["data-ingestion/7/0", "has no partition data-ingestion/7"],
          ["control-events/0/1,control-events/0/2", "named twice"],
        ] as const)
          expect([asked, message(yield* Effect.flip(foldAsOf(asked)))]).toEqual([asked, expect.stringContaining(text)])
        expect(yield* read(asOfGenerations)).toEqual([])
      }),
    ))

  it("the same words is the same generation, which stays as it is while rebuilds come and go, until it is removed", () =>
    onProjections(
      Effect.gen(function* () {
        yield* notes
        yield* catchUp()
        const all = yield* projected
        const asOf = yield* foldAsOf("1970-01-02")
        expect(yield* projectedAsOf(asOf.id)).toBe(all)
        yield* EventLog.use((log) => log.append([noted("f", 600)]))
        yield* catchUp()
        yield* rebuild()
        expect(yield* foldAsOf("1970-01-02")).toEqual(asOf)
        expect(yield* projectedAsOf(asOf.id)).toBe(all)
        expect(yield* projected).not.toBe(all)
        yield* write((tx) => giveUpAsOf(tx, asOf.id))
        expect(yield* Effect.flip(projectedAsOf(asOf.id))).toMatchObject({ _tag: "StoreUnavailable" })
        yield* removeReplaced
        expect(yield* read((tx) => tx.directories(["matyan", "as_of"]))).toEqual([])
        expect((yield* foldAsOf("1970-01-02")).id).toBeGreaterThan(asOf.id)
      }),
    ))

  it("that was begun and ended ends where it was to end, though the log went on", () =>
    onProjections(
      Effect.gen(function* () {
        yield* notes
        const ends = yield* endsOf("1970-01-02")
        yield* write((tx) => openAsOf(tx, "1970-01-02", ends, 0))
        yield* EventLog.use((log) => log.append([noted("f", 600)]))
        expect((yield* foldAsOf("1970-01-02")).ends).toEqual(ends)
      }),
    ))

  it("is made anew where other code had folded it", () =>
    onProjections(
      Effect.gen(function* () {
        yield* notes
        const { id } = yield* foldAsOf("300")
        yield* write(async (tx) => {
          const marks = (await tx.directory([...asOfPath(id), "matyan", "marks"]))!
          tx.set(pack(["fold_version"], marks), encodeValue(foldVersion + 1))
        })
        const anew = yield* foldAsOf("300")
        expect(anew.id).not.toBe(id)
        expect((yield* read(asOfGenerations)).map((one) => one.id)).toEqual([anew.id])
        expect(yield* projectedAsOf(anew.id)).toContain("b")
      }),
    ))

  it("Law 1: holds what was discarded only later, and not what was discarded within it", () =>
    onProjections(
      Effect.gen(function* () {
        const [position] = yield* append([named("a", "given up")])
        yield* append([discardOf(position!)])
        yield* catchUp()
        const all = yield* foldAsOf("control-events/0/0")
        expect(yield* projectedAsOf(all.id)).not.toContain("given up")
        const before = yield* foldAsOf("control-events/0/-1")
        expect(yield* projectedAsOf(before.id)).toContain("given up")
      }),
    ))
})
