/** What a rewind leaves, over generated runs: as if the points above its step had never been logged. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { StandingPoints, type SupersededSequence } from "../../domain/superseded.ts"
import type { Value } from "../../domain/value.ts"
import type { AnyEvent, AnyFact } from "../../events/index.ts"
import { blockHeader } from "../../projections/sequence-block.ts"
import { bed, recorded, stamped } from "../support/folding.ts"

const runId = "run"
const contexts: readonly ReadonlyMap<string, Value>[] = [new Map(), new Map([["subset", "val"]])]

interface Logged {
  readonly kind: "points" | "object"
  readonly sequence: number
  /** Of objects, the first counts. Null: the next ones. */
  readonly steps: readonly number[] | null
  readonly values: readonly number[]
  readonly epochs: boolean
}
type Deed = Logged | { readonly rewind: number }

const aStep = fc.integer({ min: -2, max: 9 })
const aValue = fc.oneof(fc.constantFrom(0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY), fc.double())
const logged: fc.Arbitrary<Logged> = fc.record({
  kind: fc.constantFrom("points", "points", "object"),
  sequence: fc.nat(3),
  steps: fc.option(fc.array(aStep, { minLength: 4, maxLength: 4 }), { nil: null }),
  values: fc.array(aValue, { minLength: 4, maxLength: 4 }),
  epochs: fc.boolean(),
})
const deeds = fc.array(
  fc.oneof({ weight: 6, arbitrary: logged as fc.Arbitrary<Deed> }, { weight: 2, arbitrary: aStep.map((rewind) => ({ rewind })) }),
  { maxLength: 25, size: "max" },
)

/** What the deeds come to with all steps spelled out, each fact with the steps that no later rewind takes. */
const standing = (all: readonly Deed[]): readonly Deed[] => {
  const steps = new Map<string, Set<number>>()
  const explicit = all.map((deed): Deed => {
    if ("rewind" in deed) {
      for (const known of steps.values()) for (const step of known) if (step > deed.rewind) known.delete(step)
      return deed
    }
    const known = steps.get(keyOf(deed)) ?? new Set()
    steps.set(keyOf(deed), known)
    const next = known.size === 0 ? 0 : Math.max(...known) + 1
    const length = deed.kind === "object" ? 1 : deed.values.length
    const spelled = (deed.steps ?? deed.values.map((_, i) => next + i)).slice(0, length)
    for (const step of spelled) known.add(step)
    return { ...deed, steps: spelled }
  })
  return explicit.flatMap((deed, i) => {
    if ("rewind" in deed) return []
    const least = Math.min(...explicit.slice(i).map((later) => ("rewind" in later ? later.rewind : Number.POSITIVE_INFINITY)))
    const kept = (deed.steps ?? []).map((step) => step <= least)
    if (!kept.includes(true)) return []
    return [
      { ...deed, steps: (deed.steps ?? []).filter((_, j) => kept[j]), values: deed.values.filter((_, j) => kept[j] ?? false) },
    ]
  })
}

const keyOf = ({ kind, sequence }: Logged): string => `${kind}${sequence}`

const sequenceOf = (kind: Logged["kind"], sequence: number) => {
  const context = contexts[sequence % 2]!
  return { name: `${kind}${sequence >> 1}`, contextId: contextId(context), context: encodeValue(context) }
}

const factOf = (deed: Deed): AnyFact => {
  if ("rewind" in deed) return { type: "RunRewound", data: { runId, step: deed.rewind } }
  const sequence = { runId, ...sequenceOf(deed.kind, deed.sequence) }
  if (deed.kind === "object") {
    const value = encodeValue(`object ${String(deed.values[0])}`)
    return {
      type: "ObjectLogged",
      data: { ...sequence, dtype: "text", step: deed.steps?.[0] ?? null, epoch: deed.epochs ? 3 : null, value },
    }
  }
  return {
    type: "PointsLogged",
    data: {
      ...sequence,
      dtype: "float",
      values: deed.values,
      steps: deed.steps ?? [],
      epochs: deed.epochs ? deed.values.map(() => 3) : [],
      firstTime: 1_000_000,
      timeOffsets: deed.values.map(() => 0),
    },
  }
}

/** The rows of the run's sequences and what is known of them, after folding in batches of this many events. */
const sequencesOf = async (facts: readonly AnyFact[], cut: number): Promise<readonly string[]> => {
  const store = await bed()
  try {
    const records = recorded(
      "data-ingestion",
      0,
      facts.map((fact) => stamped(fact, 1)),
    )
    for (let i = 0; i < records.length; i += cut)
      await store.fold({ topic: "data-ingestion", partition: 0 }, records.slice(i, i + cut))
    return (await store.text()).split("\n").filter((row) => /"seqs"|"traces?"/.test(row))
  } finally {
    await store.close()
  }
}

/** The steps that the metric or object rows hold, by sequence. */
const stepsIn = async (facts: readonly AnyFact[]): Promise<ReadonlyMap<string, number>> => {
  const store = await bed()
  try {
    if (facts.length > 0) {
      const records = recorded(
        "data-ingestion",
        0,
        facts.map((fact) => stamped(fact, 1)),
      )
      await store.fold({ topic: "data-ingestion", partition: 0 }, records)
    }
    return await store.read(async (rows) => {
      const counts = new Map<string, number>()
      for (const { rest, bytes } of await rows.under("runs", [runId, "seqs"])) {
        const [contextId, name, column] = rest
        if (column !== "val") continue
        const key = `${String(contextId)}/${String(name)}`
        const count = String(name).startsWith("points") ? blockHeader(bytes).count : 1
        counts.set(key, (counts.get(key) ?? 0) + count)
      }
      return counts
    })
  } finally {
    await store.close()
  }
}

const aRewind = fc.record({
  before: deeds,
  step: aStep,
  only: fc.option(fc.nat(3), { nil: null }),
})

describe("what a rewind took away", () => {
  it("is what the rows lose by it, also of one sequence alone", async () => {
    await fc.assert(
      fc.asyncProperty(aRewind, async ({ before, step, only }) => {
        const facts = before.map(factOf)
        const last = factOf({ rewind: step })
        const asked = only === null ? null : sequenceOf("points", only)
        const standing = new StandingPoints(asked)
        let dropped: readonly SupersededSequence[] = []
        for (const event of recorded(
          "data-ingestion",
          0,
          [...facts, last].map((fact) => stamped(fact, 1)),
        ))
          dropped = standing.take(event)
        const [rowsBefore, rowsAfter] = [await stepsIn(facts), await stepsIn([...facts, last])]
        const lost = [...rowsBefore].flatMap(([key, count]) => {
          const gone = count - (rowsAfter.get(key) ?? 0)
          const isAsked = asked === null || key === `${asked.contextId}/${asked.name}`
          return gone > 0 && isAsked ? [[key, gone] as const] : []
        })
        const told = dropped.map(({ contextId, name, points }) => [`${contextId}/${name}`, points.length] as const)
        expect(new Map(told)).toEqual(new Map(lost))
        for (const { points } of dropped) expect(Math.min(...points.map((point) => point.step))).toBeGreaterThan(step)
      }),
      { numRuns: Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 25) },
    )
  })
})

describe("what a rewind took away of a deleted run", () => {
  const deletion = { id: "deletion" }
  const deleted = stamped({ type: "RunDeleted", data: { runId } }, 1, deletion)
  const restored = () => stamped({ type: "RunRestored", data: { runId } }, 1)
  const purged = () => stamped({ type: "RunPurged", data: { runId, deletion: deletion.id } }, 1)
  const points = () =>
    stamped(factOf({ kind: "points", sequence: 0, steps: [0, 1, 2, 3], values: [1, 2, 3, 4], epochs: false }), 1)
  const rewound = () => stamped(factOf({ rewind: 1 }), 1)
  const steps = (events: readonly AnyEvent[]): readonly number[] => {
    const standing = new StandingPoints()
    const dropped = recorded("data-ingestion", 0, events).map((event) => standing.take(event))
    return (dropped.at(-1) ?? []).flatMap((sequence) => sequence.points.map(({ step }) => step))
  }

  it("is nothing where it was restored after its data was purged, for it stays deleted", () =>
    expect(steps([points(), deleted, purged(), restored(), points(), rewound()])).toEqual([]))

  it("is what it held where it was restored before a purge of that deletion", () =>
    expect(steps([points(), deleted, restored(), purged(), rewound()])).toEqual([2, 3]))

  it("is what was logged since its tombstone was lifted", () =>
    expect(
      steps([points(), deleted, purged(), stamped({ type: "TombstoneLifted", data: { runId } }, 1), points(), rewound()]),
    ).toEqual([2, 3]))
})

describe("a rewind", () => {
  it("leaves what would be there had the dropped points never been logged", async () => {
    await fc.assert(
      fc.asyncProperty(deeds, fc.integer({ min: 1, max: 6 }), async (all, cut) => {
        const rewound = await sequencesOf(all.map(factOf), cut)
        expect(rewound).toEqual(await sequencesOf(standing(all).map(factOf), 50))
      }),
      { numRuns: Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 40) },
    )
  })
})
