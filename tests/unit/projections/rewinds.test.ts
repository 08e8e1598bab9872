/** Rewinding long sequences, which stand in blocks, and what else of a run belongs to the points that go. */
import { describe, expect, it, onTestFinished } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import type { AnyFact } from "../../../events/index.ts"
import { readMetric } from "../../../projections/metric-read.ts"
import type { Rows } from "../../../projections/rows.ts"
import { artifactsOf, tracesOf } from "../../../projections/run-view.ts"
import { type Bed, bed, recorded, stamped } from "../../support/folding.ts"

const runId = "run"
const at = { topic: "data-ingestion", partition: 0 } as const
const noContext = { contextId: 0, context: encodeValue(new Map()) }

const points = (steps: readonly number[] | null, values: readonly number[], name = "loss"): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId,
    name,
    ...noContext,
    dtype: "float",
    values,
    steps: steps ?? [],
    epochs: [],
    firstTime: 1_000_000,
    timeOffsets: values.map((_, i) => i),
  },
})
const rewound = (step: number): AnyFact => ({ type: "RunRewound", data: { runId, step } })
const object = (step: number | null): AnyFact => ({
  type: "ObjectLogged",
  data: { runId, name: "img", ...noContext, dtype: "image", step, epoch: null, value: encodeValue("x".repeat(200_000)) },
})
const file = (path: string): AnyFact => ({
  type: "ArtifactLogged",
  data: { runId, path, key: `run/${path}`, contentType: "image/png" },
})

const folding = async (): Promise<{ readonly store: Bed; readonly fold: (...facts: readonly AnyFact[]) => Promise<void> }> => {
  const store = await bed()
  onTestFinished(() => store.close())
  let next = 0
  const fold = async (...facts: readonly AnyFact[]): Promise<void> => {
    const events = facts.map((fact) => stamped(fact, 5))
    await store.fold(at, recorded("data-ingestion", 0, events, next))
    next += events.length
  }
  return { store, fold }
}

const upTo = (count: number, from = 0): readonly number[] => Array.from({ length: count }, (_, i) => from + i)

const sequence = async (rows: Rows, name = "loss") => {
  const trace = (await tracesOf(rows, runId)).find((each) => each.name === name)
  if (trace === undefined) return undefined
  const whole = { choose: (steps: ArrayLike<number>) => upTo(steps.length), more: [] } as const
  const { steps, values } = await readMetric(rows, runId, trace, { from: undefined, to: undefined, ...whole })
  const { lastStep, last, first, min, max } = trace
  return { steps: [...steps], values: [...values], lastStep, last, first, min, max }
}

describe("a rewind of a long sequence", () => {
  it("drops whole blocks, cuts the one at the boundary, and finds the extremes of what is left", async () => {
    const { store, fold } = await folding()
    const value = (step: number) => (step === 100 ? -5 : step === 2_000 ? 1_000 : Math.sin(step))
    for (let i = 0; i < 3_000; i += 500) await fold(points(upTo(500, i), upTo(500, i).map(value)))
    await fold(rewound(1_700))
    const left = upTo(1_701)
    expect(await store.read((rows) => sequence(rows))).toEqual({
      steps: left,
      values: left.map(value),
      lastStep: 1_700,
      last: value(1_700),
      first: value(0),
      min: -5,
      max: Math.max(...left.map(value)),
    })
    const blocks = (await store.text()).split("\n").filter((row) => row.includes('"val"'))
    expect(blocks).toHaveLength(4)
  })

  it("lets points without steps go on from it, in the same batch and in later ones", async () => {
    const { store, fold } = await folding()
    await fold(points(null, upTo(1_500)))
    await fold(points(null, [1, 2]), rewound(600), points(null, [7, 8]))
    await fold(points(null, [9]), points([5], [-9]))
    const told = await store.read((rows) => sequence(rows))
    expect(told?.steps).toEqual(upTo(604))
    expect(told).toMatchObject({ lastStep: 603, last: 9, min: -9, max: 600 })
    expect(told?.values.slice(599)).toEqual([599, 600, 7, 8, 9])
  })

  it("to before its first step leaves no trace of it, and the name may then hold another kind", async () => {
    const { store, fold } = await folding()
    await fold(points(upTo(700, 10), upTo(700)), points([3], [3], "kept"))
    await fold(rewound(9))
    expect(await store.read((rows) => sequence(rows))).toBeUndefined()
    const text = await store.text()
    expect(text).not.toContain("loss")
    expect(text).toContain("kept")
    await fold({ ...object(null), data: { ...(object(null).data as object), name: "loss" } } as AnyFact)
    expect((await store.read((rows) => tracesOf(rows, runId))).map(({ name, dtype }) => [name, dtype])).toEqual([
      ["kept", "float"],
      ["loss", "image"],
    ])
  })

  it("drops objects above it and the files that belong to them, and no other file, attribute or line", async () => {
    const { store, fold } = await folding()
    await fold(object(0), object(1), object(2), object(10), file("seq/img/1.png"), file("seq/img/2.png"), file("seq/img/10.png"))
    await fold(file("model-7.pt"), file("seq/notes.txt"))
    await fold({ type: "TerminalLinesLogged", data: { runId, steps: [0, 50], lines: ["a", "b"] } })
    await fold({ type: "AttributesSet", data: { runId, paths: [["hparams"]], values: [encodeValue(new Map([["lr", 1]]))] } })
    const before = await store.dump()
    await fold(rewound(1))
    const { traces, artifacts } = await store.read(async (rows) => ({
      traces: await tracesOf(rows, runId),
      artifacts: await artifactsOf(rows, runId),
    }))
    expect(traces.map(({ name, lastStep }) => [name, lastStep])).toEqual([
      ["img", 1],
      ["logs", 50],
    ])
    expect(artifacts.map(({ path }) => path).sort()).toEqual(["model-7.pt", "seq/img/1.png", "seq/notes.txt"])
    const gone = before.length - (await store.dump()).length
    // Two objects, each with a value in a header and three parts, a step and a time; two files of two fields.
    expect(gone).toBe(2 * 6 + 2 * 2)
  })

  it("of a deleted run, or to a step that nothing is above, changes nothing", async () => {
    const { store, fold } = await folding()
    const rows = async () => (await store.text()).split("\n").filter((row) => !row.includes('"positions"'))
    await fold(points([1, 2], [1, 2]))
    const before = await rows()
    await fold(rewound(2))
    expect(await rows()).toEqual(before)
    await fold({ type: "RunDeleted", data: { runId } })
    const deleted = await rows()
    await fold(rewound(-1))
    expect(await rows()).toEqual(deleted)
  })
})
