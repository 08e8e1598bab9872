/** Six events, in partitions of their own or in one: every order that they can come in. And events that come twice, a day late. */
import { Layer } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { NameBook } from "../../domain/names.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyFact } from "../../events/index.ts"
import { connectStore } from "../simulation/key-value-store.ts"
import { Versions } from "../simulation/versions.ts"
import { bed, recorded, stamped, withoutPositions } from "../support/folding.ts"
import { aHistory, type History, type PartitionLog } from "../support/histories.ts"

const inMemory = () => Layer.sync(KeyValueStore, () => connectStore(new Versions()))

/** The state after these single events, folded one at a time in this order, jobs done. */
const stateAfter = async (order: readonly PartitionLog[]): Promise<string> => {
  const store = await bed(inMemory)
  for (const one of order) await store.fold(one, one.records)
  await store.settle()
  const text = await store.text()
  await store.close()
  return text
}

/** All ways to take the events one by one, each partition in its order. */
function* interleavings(history: History): Generator<readonly PartitionLog[]> {
  const open = history.filter(({ records }) => records.length > 0)
  if (open.length === 0) yield []
  for (const log of open) {
    const rest = history.map((other) => (other === log ? { ...log, records: log.records.slice(1) } : other))
    for (const order of interleavings(rest)) yield [{ ...log, records: log.records.slice(0, 1) }, ...order]
  }
}

const none = new Map()
const context = { contextId: contextId(none), context: encodeValue(none) }
const [base, best] = [new NameBook().bind("experiment", "base"), new NameBook().bind("experiment", "best")]
const tag = new NameBook().bind("tag", "base")

const inExperiment = (runId: string, experimentId: string, name: string): AnyFact => ({
  type: "RunExperimentSet",
  data: { runId, experimentId, name },
})
const tagged = (runId: string): AnyFact => ({ type: "RunTagged", data: { runId, tagId: tag, name: "base" } })
const points = (runId: string): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId,
    name: "loss",
    ...context,
    dtype: "float",
    values: [1, 2],
    steps: [0, 1],
    epochs: [],
    firstTime: 1,
    timeOffsets: [0, 1],
  },
})
const created = (runId: string): AnyFact => ({ type: "RunCreated", data: { runId, clientStart: 1 } })

/** Runs each have a partition of their own; what is said of experiments and tags has one. */
const apart = (facts: readonly AnyFact[]): History =>
  facts.map((fact, partition) => {
    const topic = "runId" in fact.data ? "data-ingestion" : "control-events"
    return {
      topic,
      partition: topic === "control-events" ? 0 : partition,
      records: recorded(topic, topic === "control-events" ? 0 : partition, [stamped(fact, 1)]),
    }
  })

const others = [
  inExperiment("a", base, "base"),
  inExperiment("b", base, "base"),
  tagged("c"),
  points("d"),
  inExperiment("e", best, "best"),
]

describe("six events in six partitions", () => {
  it.each<[string, AnyFact]>([
    ["an experiment takes another's name", { type: "ExperimentRenamed", data: { id: base, from: "base", name: "best" } }],
    ["an experiment is deleted", { type: "ExperimentDeleted", data: { id: base, name: "base" } }],
    ["a tag is renamed", { type: "TagRenamed", data: { id: tag, from: "base", name: "other" } }],
  ])("Law 3: give one state in all 720 orders, where %s", async (_, control) => {
    const states = new Set<string>()
    let orders = 0
    for (const order of interleavings(apart([...others, control]))) {
      states.add(await stateAfter(order))
      orders += 1
    }
    expect({ orders, states: states.size }).toEqual({ orders: 720, states: 1 })
  })
})

function* permutations<A>(all: readonly A[]): Generator<readonly A[]> {
  if (all.length === 0) yield []
  for (const [i, one] of all.entries()) for (const others of permutations(all.toSpliced(i, 1))) yield [one, ...others]
}

describe("six events of one run", () => {
  const deletion = stamped({ type: "RunDeleted", data: { runId: "a" } }, 1)
  const ofRun = [
    stamped(created("a"), 1),
    stamped(points("a"), 1),
    stamped({ type: "AttributesSet", data: { runId: "a", paths: [["lr"]], values: [encodeValue(0.1)] } }, 1),
    stamped({ type: "RunRenamed", data: { runId: "a", name: "named" } }, 1),
    stamped({ type: "RunFinished", data: { runId: "a", finishedAt: 5 } }, 1),
  ]
  const purged = stamped({ type: "RunPurged", data: { runId: "a", deletion: deletion.meta.id } }, 2)
  const folded = (order: readonly (typeof deletion)[]): Promise<string> =>
    stateAfter([{ topic: "data-ingestion", partition: 0, records: recorded("data-ingestion", 0, order) }])

  it("Law 4: of which one deletes it leave one state in all 720 orders, before it was made and after it was finished alike, once the trash is emptied", async () => {
    const states = new Set<string>()
    for (const order of permutations([...ofRun, deletion])) states.add(withoutPositions(await folded([...order, purged])))
    expect([...states]).toHaveLength(1)
  })
})

describe("events that come again a day later", () => {
  it("Law 2: three in ten of a history, in any order, leave the state that it had", async () => {
    const chosen = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 })
    let [all, repeated] = [0, 0]
    await fc.assert(
      fc.asyncProperty(aHistory(), chosen, async (history, draws) => {
        const late = history.map((log) => {
          const again = log.records.filter((_, i) => (draws[i % draws.length] ?? 1) < 0.3).toReversed()
          all += log.records.length
          repeated += again.length
          const dayLater = again.map((event) => ({
            ...event,
            meta: { ...event.meta, serverTime: event.meta.serverTime + 86_400 },
          }))
          return {
            ...log,
            records: [...log.records, ...dayLater].map((event, offset) => ({
              ...event,
              position: { ...event.position, offset },
            })),
          }
        })
        expect(withoutPositions(await stateAfter(late))).toBe(withoutPositions(await stateAfter(history)))
      }),
      { numRuns: 300 },
    )
    expect(repeated).toBeGreaterThan(all / 10)
  })
})
