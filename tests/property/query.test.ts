import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Budget,
  compile,
  type Leaf,
  type Plan,
  QueryTooDear,
  type RunFacts,
  type ValueRange,
} from "../../domain/query/index.ts"
import { Float, float, isMap, type Value, type ValueMap } from "../../domain/value.ts"
import { runFacts } from "../unit/query/seed-facts.ts"

/** The order of types in tuple keys, and a value's place within its type as the key's bytes order it. */
const keyOf = (value: Value): { readonly type: ValueRange["type"]; readonly place: bigint | string } | undefined => {
  if (typeof value === "string") return { type: "string", place: bytesOf(value) }
  if (typeof value === "boolean") return { type: "bool", place: value ? 1n : 0n }
  if (typeof value === "bigint") return { type: "int", place: value }
  if (value instanceof Float) return { type: "double", place: placeOfDouble(value.value) }
  if (typeof value !== "number") return undefined
  return Number.isInteger(value) ? { type: "int", place: BigInt(value) } : { type: "double", place: placeOfDouble(value) }
}

/** A text's bytes, cut as index keys are. */
const bytesOf = (text: string): string => Buffer.from(text, "utf8").subarray(0, 512).toString("hex")

/** Doubles in the order of their keys: the sign bit flips, and a negative number's other bits as well. */
const placeOfDouble = (value: number): bigint => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  return bits >> 63n === 1n ? ~bits & 0xffffffffffffffffn : bits | (1n << 63n)
}

const boundOf = (type: ValueRange["type"], bound: bigint | number | boolean | string): bigint | string => {
  if (type === "string") return bytesOf(String(bound))
  return type === "double" ? placeOfDouble(Number(bound)) : BigInt(bound)
}

const isWithin = (value: Value, range: ValueRange): boolean => {
  const key = keyOf(value)
  if (key === undefined || key.type !== range.type) return false
  const low = range.low === undefined ? undefined : boundOf(range.type, range.low)
  const high = range.high === undefined ? undefined : boundOf(range.type, range.high)
  if (low !== undefined && (key.place < low || (key.place === low && !range.lowInclusive))) return false
  return high === undefined || key.place < high || (key.place === high && range.highInclusive)
}

const answers = (leaf: Leaf, run: RunFacts): boolean => {
  switch (leaf.index) {
    case "hash":
      return leaf.hashes.includes(run.hash)
    case "experiment":
      return run.experiment !== null && leaf.names.includes(run.experiment)
    case "tag":
      return run.tags.has(leaf.name)
    case "active":
    case "archived":
      return run[leaf.index] === leaf.value
    case "createdAt":
      return leaf.ranges.some((range) => isWithin(float(run.createdAt), range))
    case "end":
      return run.finalizedAt !== null && leaf.ranges.some((range) => isWithin(float(run.finalizedAt ?? 0), range))
    case "duration":
      return leaf.ranges.some((range) => isWithin(float(run.finalizedAt === null ? 0 : run.finalizedAt - run.createdAt), range))
    case "name":
      return leaf.ranges.some((range) => isWithin(run.name, range))
    case "trace":
      return leaf.names.some((name) => run.metric(name, null) !== undefined)
    case "hparam": {
      let value = run.attributes.get("hparams")
      for (const name of leaf.path) value = isMap(value) ? value.get(name) : undefined
      return value !== undefined && leaf.ranges.some((range) => isWithin(value, range))
    }
  }
}

/** Whether a plan gives a run, as a store that executes it would. */
const gives = (plan: Plan, run: RunFacts): boolean => {
  if (plan.kind === "scan") return true
  if (plan.kind === "leaf") return answers(plan.leaf, run)
  return plan.kind === "and"
    ? plan.children.every((child) => gives(child, run))
    : plan.children.some((child) => gives(child, run))
}

const numbers: readonly Value[] = [
  0,
  1,
  2,
  -1,
  255,
  9007199254740991,
  9007199254740992n,
  9007199254740993n,
  -9007199254740993n,
  2n ** 64n,
  10n ** 400n,
  0.1,
  0.5,
  -1.5,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  5e-324,
  ...[1, 2, -0, 0, 9007199254740992, 2 ** 64, 1e300].map((value) => new Float(value)),
]
const scalar = fc.constantFrom<Value>(
  ...numbers,
  true,
  false,
  null,
  "",
  "a",
  "ab",
  "b",
  "é",
  "\uffff",
  "😀",
  "a".repeat(600),
  [1],
  new Map<string, Value>([["x", 1]]),
)

const hparams: fc.Arbitrary<Value> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.dictionary(fc.constantFrom("x", "y"), scalar).map((entries): Value => new Map(Object.entries(entries))),
  },
  { weight: 1, arbitrary: fc.constantFrom<Value>(null, 3, "x", [1]) },
)

const attributes: fc.Arbitrary<ValueMap> = fc.option(hparams).map((value) => new Map(value === null ? [] : [["hparams", value]]))

const run: fc.Arbitrary<RunFacts> = fc
  .record({
    hash: fc.constantFrom("h1", "h2"),
    experiment: fc.constantFrom(null, "e1", "e2"),
    tags: fc.subarray(["t1", "t2"]).map((tags) => new Set(tags)),
    createdAt: fc.constantFrom(0, 100, 100.5, 1767225600),
    active: fc.boolean(),
    archived: fc.boolean(),
    attributes,
    metrics: fc.subarray(["loss", "acc"]),
  })
  .map(({ metrics, ...given }) =>
    runFacts({
      ...given,
      metric: (name) => (metrics.includes(name) ? { last: 1, lastStep: 1, first: 0, min: 0, max: 1 } : undefined),
    }),
  )

const literal = fc.constantFrom(
  ..."0 1 2 -1 0.0 -0.0 1.0 1.5 0.1 -1.5 1e308 9007199254740992.0 9007199254740993 9007199254740992 -9007199254740993".split(" "),
  "18446744073709551616",
  `1${"0".repeat(400)}`,
  `1${"0".repeat(700)}`,
  "1e400",
  "-1e400",
  "True",
  "False",
  "None",
  "''",
  "'a'",
  "'ab'",
  "'é'",
  "'\\uffff'",
  "'😀'",
  `'${"a".repeat(508)}'`,
  `'${"a".repeat(600)}'`,
  "'e1'",
  "'h1'",
  "'loss'",
)
const asked = fc.constantFrom(
  "run.hparams.x",
  "run.hparams.y",
  "run['hparams']['x']",
  "run.hparams['y']",
  "run['hparams'].x",
  "run.experiment",
  "run.hash",
  "run.active",
  "run.archived",
  "run.is_archived",
  "run.created_at",
  "metric.name",
  "run.name",
  "run.nope.x",
)
const operator = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "==", "is", "is not")

const comparison: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(asked, operator, literal).map((parts) => parts.join(" ")) },
  { weight: 2, arbitrary: fc.tuple(literal, operator, asked).map((parts) => parts.join(" ")) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(asked, fc.array(literal, { minLength: 1, maxLength: 3 }))
      .map(([left, list]) => `${left} in [${list.join(", ")}]`),
  },
  { weight: 1, arbitrary: fc.tuple(literal, asked, literal).map(([low, middle, high]) => `${low} <= ${middle} < ${high}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "'t1' in run.tags",
      "run.tags.contains('t2')",
      "'t1' not in run.tags",
      "run.active",
      "run.archived",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "run.created_at >= datetime(1970, 1, 1)",
      "any(run.active for run in [run])",
      "(run := run).active",
      "1 / 0",
    ),
  },
)

const { query } = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: comparison },
    { weight: 2, arbitrary: fc.tuple(tie("query"), tie("query")).map(([left, right]) => `(${left} and ${right})`) },
    { weight: 2, arbitrary: fc.tuple(tie("query"), tie("query")).map(([left, right]) => `(${left} or ${right})`) },
    { weight: 1, arbitrary: tie("query").map((inner) => `(not ${inner})`) },
  ),
}))

const words = fc.constantFrom(
  ...(
    "run run.name run.hparams.lr run['x'] metric x y 0 1 -1 2.5 1e300 10**99 'a' \"é\" b'x' f'{x}' f'{run.name!r:>5}' None True ( ( ) ) [ ] { } , : . = := == " +
    "< >= in not in is and or not if else for lambda * ** // % + - << ~ len max sorted str int range datetime timedelta math.sqrt " +
    ".upper() .split() [0] [::-1] # \\ ' \" $ await yield __x"
  ).split(" "),
  "\n",
)

it("any text is refused, matches or not, or is too dear: nothing else is thrown", () => {
  const text = fc.oneof(
    fc.array(words, { maxLength: 12 }).map((found) => found.join(" ")),
    fc.string({ unit: "binary" }),
    fc.string(),
  )
  const property = fc.property(text, run, (source, facts) => {
    const compiled = compile(source, { timezoneOffsetMinutes: 0, sequenceName: null })
    if ("refused" in compiled) return compiled.refused.message !== ""
    try {
      return typeof compiled.query.matches({ run: facts }, { steps: 10_000 }) === "boolean"
    } catch (error) {
      return error instanceof QueryTooDear
    }
  })
  fc.assert(property, { numRuns: Number(process.env["MATYAN_TEST_TEXTS"] ?? 5_000) })
})

describe("Law 11: a query's answer is the same with and without its plan", () => {
  it("no matching run is left out, and an exact plan gives no other", () => {
    let exact = 0
    const property = fc.property(query, fc.array(run, { minLength: 1, maxLength: 6 }), (source, runs) => {
      const compiled = compile(source, { timezoneOffsetMinutes: 0, sequenceName: null })
      if ("refused" in compiled) throw new Error(`${source}: ${compiled.refused.message}`)
      const { plan, matches } = compiled.query
      if (plan.exact) exact++
      const budget: Budget = { steps: 1_000_000 }
      for (const each of runs) {
        const isMatch = matches({ run: each }, budget)
        const isGiven = gives(plan, each)
        if (plan.exact) expect(isGiven, source).toBe(isMatch)
        else expect(isGiven || !isMatch, source).toBe(true)
      }
    })
    fc.assert(property, { numRuns: Number(process.env["MATYAN_TEST_PLANS"] ?? 4_000) })
    expect(exact).toBeGreaterThan(100)
  })

  it("every comparison of a parameter with a literal is answered exactly by its ranges", () => {
    const compared = fc.property(
      fc.constantFrom("==", "<", "<=", ">", ">="),
      literal,
      scalar,
      fc.boolean(),
      (sign, right, value, flips) => {
        fc.pre(right !== "None")
        const source = flips ? `${right} ${sign} run.hparams.x` : `run.hparams.x ${sign} ${right}`
        const compiled = compile(source, { timezoneOffsetMinutes: 0, sequenceName: null })
        if ("refused" in compiled) throw new Error(compiled.refused.message)
        const facts = runFacts({ attributes: new Map([["hparams", new Map([["x", value]])]]) })
        const { plan, matches } = compiled.query
        expect(plan.exact).toBe(right.length < 600)
        expect(gives(plan, facts), source).toBe(!plan.exact || matches({ run: facts }, { steps: 1_000 }))
      },
    )
    fc.assert(compared, { numRuns: 4_000 })
  })
})
