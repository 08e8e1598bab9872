/** Where the records of a run and of an entity stand in the log, as folds note it. */
import { describe, expect, it, onTestFinished } from "vitest"
import type { AnyFact, Recorded } from "../../../events/index.ts"
import { catalog, type EventType } from "../../../events/index.ts"
import { positionCount, positionsOf, type Stream } from "../../../projections/positions.ts"
import { namedBy, theProject } from "../../../projections/subjects.ts"
import { type Bed, bed, recorded, stamped } from "../../support/folding.ts"
import { named } from "../../support/projected.ts"

const ofRun = (id: string): Stream => ({ topic: "data-ingestion", kind: "run", id })
const ofEntity = (kind: Stream["kind"], id: string): Stream => ({ topic: "control-events", kind, id })

const folded = async (facts: readonly AnyFact[], topic: "data-ingestion" | "control-events", cut: number): Promise<Bed> => {
  const store = await bed()
  onTestFinished(() => store.close())
  const records = recorded(
    topic,
    0,
    facts.map((fact) => stamped(fact, 1)),
  )
  for (let i = 0; i < records.length; i += cut) await store.fold({ topic, partition: 0 }, records.slice(i, i + cut))
  return store
}

const allOf = (store: Bed, stream: Stream): Promise<readonly number[]> =>
  store.read(async (rows) =>
    (await positionsOf(rows, stream, { from: 0, to: await positionCount(rows, stream) })).map(({ position }) => position.offset),
  )

describe("positions", () => {
  it("of many records are told page by page, whatever the cut, over all blocks", async () => {
    const facts = Array.from({ length: 2_600 }, (_, i) => named(i % 5 === 0 ? "rare" : "frequent", String(i)))
    const offsets = (run: string) =>
      facts.flatMap((fact, i) => (fact.type === "RunRenamed" && fact.data.runId === run ? [i] : []))
    for (const cut of [97, 1_200, 5_000]) {
      const store = await folded(facts, "data-ingestion", cut)
      expect(await allOf(store, ofRun("frequent"))).toEqual(offsets("frequent"))
      expect(await allOf(store, ofRun("rare"))).toEqual(offsets("rare"))
      const page = await store.read((rows) => positionsOf(rows, ofRun("frequent"), { from: 500, to: 1_100 }))
      expect(page.map(({ position }) => position.offset)).toEqual(offsets("frequent").slice(500, 1_100))
      expect(await allOf(store, ofRun("nobody"))).toEqual([])
    }
  })

  it("are the same bytes for any cut", async () => {
    const facts = Array.from({ length: 1_100 }, (_, i) => named("run", String(i)))
    const texts = await Promise.all(
      [64, 511, 512, 513, 1_100].map(async (cut) => (await folded(facts, "data-ingestion", cut)).text()),
    )
    expect(new Set(texts).size).toBe(1)
  })

  it("count repeats, what a deleted run logs and what becomes a dead letter, and stay when its data is cleared", async () => {
    const at = { topic: "data-ingestion", partition: 0 } as const
    const store = await bed()
    onTestFinished(() => store.close())
    const deleted = stamped({ type: "RunDeleted", data: { runId: "run" } }, 1)
    const events = [stamped(named("run", "a"), 1), deleted, deleted, stamped(named("run", "late"), 1)]
    const purged = stamped({ type: "RunPurged", data: { runId: "run", deletion: deleted.meta.id } }, 1)
    const undecodable = { type: "Undecodable", key: "run", bytes: new Uint8Array(), reason: "x" } as const
    const records = recorded("data-ingestion", 0, [...events, purged])
    // A record that is no event stands for itself in a batch.
    const broken = { ...undecodable, position: { ...at, offset: 5 } } as unknown as Recorded
    await store.fold(at, [...records, broken])
    expect(await allOf(store, ofRun("run"))).toEqual([0, 1, 2, 3, 4, 5])
    expect(await store.read((rows) => rows.has("runs", ["run", "meta", "name", "__leaf__"]))).toBe(false)
    const places = await store.read((rows) => positionsOf(rows, ofRun("run"), { from: 0, to: 9 }))
    expect(places.map(({ holds }) => holds)).toEqual(["change", "change", "repeat", "change", "change", "change"])
    const repeats = await store.read((rows) => positionsOf(rows, ofRun("run"), { from: 1, to: 9, only: "repeat" }))
    expect(repeats).toEqual([{ number: 2, position: { ...at, offset: 2 }, holds: "repeat" }])
  })

  it("of keys that no run may have are not noted", async () => {
    const store = await folded([named("x".repeat(257), "a"), named("", "b")], "data-ingestion", 5)
    expect(await store.text()).not.toContain('["positions"')
  })

  it("of control events are noted under each entity that is named", async () => {
    const store = await folded(
      [
        { type: "NoteCreated", data: { id: "n", runId: "run", experimentId: null, content: "" } },
        { type: "TagCreated", data: { id: "t", name: "t", color: "", description: "" } },
        { type: "NoteEdited", data: { id: "n", content: "x" } },
        { type: "SequencesPinned", data: { sequences: [] } },
      ],
      "control-events",
      2,
    )
    expect(await allOf(store, ofEntity("note", "n"))).toEqual([0, 2])
    expect(await allOf(store, ofEntity("run", "run"))).toEqual([0])
    expect(await allOf(store, ofEntity("tag", "t"))).toEqual([1])
    expect(await allOf(store, { topic: "control-events", ...theProject })).toEqual([3])
  })

  it("know whom each control event of the catalog names", () => {
    const data = { id: "x", runId: "x", experimentId: null, sequences: [] }
    const control = (Object.keys(catalog) as EventType[]).filter((type) => catalog[type].topic === "control-events")
    // Only the ids are looked at.
    const nobody = control.filter((type) => namedBy({ type, data } as unknown as Recorded).length === 0)
    expect(nobody).toEqual([])
  })
})
