import { expect, it } from "vitest"
import { builtins } from "../../domain/query/builtins.ts"
import { check } from "../../domain/query/check.ts"
import { compileNode } from "../../domain/query/compile-expression.ts"
import { declareWalruses, Frame, Scope } from "../../domain/query/compile-scope.ts"
import { dateTypes } from "../../domain/query/dates.ts"
import { QueryTooDear } from "../../domain/query/faults.ts"
import { RunObject } from "../../domain/query/objects.ts"
import { parse } from "../../domain/query/parser.ts"
import { repr } from "../../domain/query/repr.ts"
import { Meter, PyError, type PyValue } from "../../domain/query/values.ts"
import { Float, float, type Value } from "../../domain/value.ts"
import { askPython, type OracleAnswer } from "../support/python-oracle.ts"
import { anExpression, Dice } from "../support/query-expressions.ts"
import { runFacts } from "../unit/query/seed-facts.ts"

/** Ours alone stops at limits; there is then nothing to compare. */
const tooDear = "QueryTooDear"
const count = Number(process.env["MATYAN_TEST_QUERIES"] ?? 6_000)
const seed = Number(process.env["MATYAN_TEST_SEED"] ?? Date.now() % 1_000_000)

const hparams = new Map<string, Value>([
  ["lr", float(0.1)],
  ["n", 3],
  ["big", 12345678901234567890n],
  ["near", 9007199254740993n],
  ["zero", new Float(-0)],
  ["on", true],
  ["name", "Adam 😀"],
  [
    "opt",
    new Map<string, Value>([
      ["name", "adam"],
      ["wd", null],
    ]),
  ],
  ["layers", [8, 4]],
  ["dicts", [new Map<string, Value>([["k", 1]])]],
  ["strange", [new Float(1), true, null, "x", [1]]],
])
const attributes = new Map<string, Value>([["hparams", hparams]])

const run = runFacts({
  hash: "0f".repeat(16),
  name: "alpha-Ünï",
  createdAt: 1767225600,
  finalizedAt: 1767225660.5,
  active: true,
  attributes,
})

/** What our evaluation makes of an expression, in Python's own notation. */
const answer = (expression: string): OracleAnswer => {
  const text = `(${expression})`
  const parsed = parse(text)
  if ("refused" in parsed) return { error: "SyntaxError" }
  if (check(parsed.tree, text) !== undefined) return { error: "Refused" }
  const globals = new Map<string, PyValue>([...builtins, ...dateTypes({ timezoneOffsetMinutes: 0, now: undefined })])
  const scope = new Scope("whole", null, { globals, timezoneOffsetMinutes: 0, sequenceName: null })
  scope.declare("run")
  declareWalruses(parsed.tree, scope)
  const meter = new Meter(1_000_000)
  try {
    return { value: repr(compileNode(parsed.tree, scope)(new Frame([new RunObject(run)], null, meter)), meter) }
  } catch (error) {
    if (error instanceof PyError) return { error: error.type }
    if (error instanceof QueryTooDear) return { error: tooDear }
    throw error
  }
}

it(`${count} expressions of seed ${seed} have the value, or raise, as in Python`, async () => {
  const dice = new Dice(seed)
  const expressions = Array.from({ length: count }, () => anExpression(dice))
  const expected = await askPython(attributes, expressions)
  const differing = expressions.flatMap((expression, at) => {
    const [theirs, ours] = [expected[at], answer(expression)]
    if ("error" in ours && ours.error === tooDear) return []
    const agree = theirs !== undefined && ("error" in theirs ? "error" in ours : "value" in ours && ours.value === theirs.value)
    return agree ? [] : [{ expression, theirs, ours }]
  })
  expect(differing.slice(0, 20)).toEqual([])
  expect(expected.filter((each) => "value" in each).length).toBeGreaterThan(count / 2)
})
