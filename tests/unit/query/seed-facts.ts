import type { MetricFacts, RunFacts, SequenceFacts } from "../../../domain/query/index.ts"
import { float, type Value, type ValueMap } from "../../../domain/value.ts"

/** A value out of plain JavaScript; `1.5` is a float and `1` an int. */
export const valueOf = (plain: unknown): Value => {
  if (Array.isArray(plain)) return plain.map(valueOf)
  if (plain === null || typeof plain !== "object" || plain instanceof Uint8Array) return plain as Value
  return plain.constructor === Object ? mapOf(plain as Record<string, unknown>) : (plain as Value)
}

export const mapOf = (plain: Record<string, unknown>): ValueMap =>
  new Map(Object.entries(plain).map(([key, value]) => [key, valueOf(value)]))

const isEqualContext = (left: ValueMap, right: ValueMap): boolean =>
  left.size === right.size && [...left].every(([key, value]) => right.get(key) === value)

/** A run with what is given, and the metrics of its sequences. */
export const runFacts = (given: Partial<RunFacts>, sequences: readonly SequenceFacts[] = []): RunFacts => ({
  hash: "0".repeat(32),
  name: "",
  description: "",
  experiment: null,
  tags: new Set(),
  createdAt: 0,
  finalizedAt: null,
  active: true,
  archived: false,
  attributes: new Map(),
  metric: (name, context): MetricFacts | undefined =>
    sequences.find((each) => each.name === name && (context === null || isEqualContext(each.context, context))),
  ...given,
})

const sequence = (
  name: string,
  context: Record<string, unknown>,
  values: readonly number[],
  lastStep: number,
): SequenceFacts => ({
  name,
  context: mapOf(context),
  last: values.at(-1) ?? null,
  lastStep,
  first: values[0] ?? null,
  min: Math.min(...values),
  max: Math.max(...values),
})

const sequencesOf = {
  A: [
    sequence("loss", { subset: "train" }, [1, 0.5, 0.25, 0.125], 6),
    sequence("step_time", { subset: "train" }, [0, 10, 20, 30], 6),
  ],
  B: [sequence("loss", {}, [3], 0)],
  C: [],
} as const

/** The runs that the golden seed leaves, newest first, with their metrics. */
export const seedRuns: readonly { readonly id: string; readonly run: RunFacts; readonly sequences: readonly SequenceFacts[] }[] =
  [
    {
      id: "C",
      run: runFacts({ hash: "c".repeat(32), name: "gone", archived: true, createdAt: 1767225800 }),
      sequences: sequencesOf.C,
    },
    {
      id: "B",
      run: runFacts(
        {
          hash: "b".repeat(32),
          name: `Run: ${"b".repeat(32)}`,
          createdAt: 1767225700,
          finalizedAt: 1767225730,
          active: false,
          attributes: mapOf({ hparams: { lr: 2 } }),
        },
        sequencesOf.B,
      ),
      sequences: sequencesOf.B,
    },
    {
      id: "A",
      run: runFacts(
        {
          hash: "a".repeat(32),
          name: "alpha",
          description: "first",
          experiment: "exp1",
          tags: new Set(["prod"]),
          createdAt: 1767225600,
          attributes: mapOf({
            hparams: { lr: float(0.1), layers: [8, 4], opt: { name: "adam", wd: null }, empty: {}, elist: [], on: true, n: 3 },
            __system_params: { executable: "python" },
          }),
        },
        sequencesOf.A,
      ),
      sequences: sequencesOf.A,
    },
  ]
