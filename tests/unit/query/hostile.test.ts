import { describe, expect, it } from "vitest"
import { compile, limits, QueryTooDear } from "../../../domain/query/index.ts"
import { runFacts } from "./seed-facts.ts"

const outcome = (source: string, budget = { steps: 10_000_000 }): string => {
  const compiled = compile(source, { timezoneOffsetMinutes: 0, sequenceName: null })
  if ("refused" in compiled) return Object.values(compiled.refused)[0] as string
  try {
    return String(compiled.query.matches({ run: runFacts({}) }, budget))
  } catch (error) {
    if (error instanceof QueryTooDear) return "QueryTooDear"
    throw error
  }
}

describe("a query is refused or stopped, and never hangs or overflows the stack", () => {
  it.each([
    ["QueryTooLarge", "deep brackets", `${"(".repeat(30_000)}1${")".repeat(30_000)}`],
    ["QueryTooLarge", "a hundred thousand brackets", "(".repeat(100_000)],
    ["QueryTooLarge", "signs", `${"-".repeat(60_000)}1`],
    ["QueryTooLarge", "a long sum", `1${"+1".repeat(30_000)}`],
    ["QueryTooLarge", "a long path", `a${".a".repeat(30_000)}`],
    ["QueryTooLarge", "calls of calls", `a${"()".repeat(30_000)}`],
    ["QueryTooLarge", "lambdas", `${"lambda:".repeat(9_000)}1`],
    ["QueryTooLarge", "conditions", `${"1 if 1 else ".repeat(5_000)}1`],
    ["QueryTooLarge", "open f-strings", "f'{".repeat(10_000)],
    ["QueryTooLarge", "many parts", `1${"<1".repeat(20_000)}`],
    ["false", "a long or", Array.from({ length: 1_500 }, () => "run.a").join(" or ")],
    ["true", "a long list of literals", `'1999' in [${Array.from({ length: 6_000 }, (_, at) => `'${at}'`).join()}]`],
    ["QueryTooDear", "a power", "2**10**9"],
    ["QueryTooDear", "a shift", "1 << 10**9"],
    ["QueryTooDear", "a factorial", "math.factorial(10**9)"],
    ["QueryTooDear", "a long string", "'a' * 10**9"],
    ["QueryTooDear", "a long list", "[1] * 10**9"],
    ["QueryTooDear", "nested loops", "[i for i in range(999) for j in range(999) for k in range(999)]"],
    ["QueryTooDear", "a doubling text", "(x := 'a') and [x := x + x for i in range(60)]"],
    ["QueryTooDear", "a doubling f-string", "(x := 'a') and [x := f'{x}{x}' for i in range(60)]"],
    ["QueryTooDear", "a squaring number", "(x := 2) and [x := x * x for i in range(60)]"],
    [
      "QueryTooDear",
      "equal doubling lists",
      "(x := [1]) and (y := [1]) and [x := [x, x] for i in range(60)] and [y := [y, y] for i in range(60)] and x == y",
    ],
    ["QueryTooDear", "a hash of doubling tuples", "(x := (1,)) and [x := (x, x) for i in range(60)] and {x: 1}"],
    [
      "QueryTooDear",
      "generators in generators",
      "(x := (i for i in [1])) and [x := (i for i in x) for j in range(999) for k in range(20)] and list(x)",
    ],
    ["QueryTooDear", "widths", "f'{1:1000000000}'"],
    ["QueryTooDear", "widths in %", "'%1000000000d' % 1"],
    ["QueryTooDear", "digits", "int('f' * 900000, 16)"],
    ["QueryTooDear", "joins", "'x'.join(['a' * 100000] * 1000)"],
    ["false", "recursion", "(f := lambda n: f(n))(1)"],
    ["QuerySyntaxError", "neighbours", "a ".repeat(30_000)],
    ["QuerySyntaxError", "digits in the text", "1".repeat(65_000)],
    ["QueryForbidden", "an underscore", "().__class__"],
    ["QueryForbidden", "an underscore in an f-string", "f'{().__class__}'"],
    ["QueryForbidden", "an underscore in a lambda", "lambda __x: 1"],
    ["QueryForbidden", "roles", "run.x__roles__"],
    ["QueryForbidden", "a frame", "(i for i in [1]).gi_frame"],
    ["QueryForbidden", "await", "await x"],
    ["QueryForbidden", "yield", "(yield)"],
    ["QueryForbidden", "eval", "eval('1')"],
    ["QueryForbidden", "imaginary numbers", "1j"],
    ["QuerySyntaxError", "a statement", "import os"],
    ["false", "the prototype of an object", "run.constructor or run.hparams.prototype or run['constructor'] or [].length"],
  ])("%s: %s", (expected, _name, source) => {
    expect(outcome(source)).toBe(expected)
  })
})

it("many evaluations share one budget, and none runs once it is used up", () => {
  const budget = { steps: 200 }
  const source = "sum(i for i in range(10)) == 45"
  expect(outcome(source, budget)).toBe("true")
  expect(budget.steps).toBeLessThan(200)
  const outcomes = Array.from({ length: 10 }, () => outcome(source, budget))
  expect(outcomes.at(-1)).toBe("QueryTooDear")
})

it("a query of exactly the longest length is taken, one byte more is not", () => {
  const longest = `1${" ".repeat(limits.sourceBytes - 2)}1`
  expect(outcome(longest)).toBe("QuerySyntaxError")
  expect(outcome(`${longest}1`)).toBe("QueryTooLarge")
})
