import { describe, expect, it } from "vitest"
import { compile, type CompileOptions, type Plan, type Query } from "../../../domain/query/index.ts"

const queryOf = (source: string, sequenceName: CompileOptions["sequenceName"] = null): Query => {
  const compiled = compile(source, { timezoneOffsetMinutes: 0, sequenceName })
  if ("refused" in compiled) throw new Error(compiled.refused.message)
  return compiled.query
}

/** A plan in short: `=` exact, `~` candidates; the default filter on archived runs is `live`. */
const inShort = (plan: Plan): string => {
  const mark = plan.exact ? "=" : "~"
  if (plan.kind === "scan") return "scan"
  if (plan.kind !== "leaf") return `${mark}${plan.kind}(${plan.children.map(inShort).join(" ")})`
  const { leaf } = plan
  if (leaf.index === "archived" && !leaf.value) return `${mark}live`
  const detail =
    leaf.index === "hparam"
      ? `${leaf.path.join(".")}:${leaf.ranges.map(({ type }) => type).join("+")}`
      : Object.values(leaf).slice(1).join()
  return `${mark}${leaf.index}(${"ranges" in leaf && leaf.index !== "hparam" && leaf.index !== "trace" ? leaf.ranges.length : detail})`
}

describe("plans of run search", () => {
  it.each([
    ["", "=live"],
    ["True", "~live"],
    ["run.archived == True", "=archived(true)"],
    ["True == run.archived", "=archived(true)"],
    ["run.is_archived in (True, False)", "scan"],
    ["not run.archived", "=and(=live =live)"],
    ["run.hash == 'h'", "=and(=live =hash(h))"],
    ["run.hash in ['g', 'h']", "=and(=live =hash(g,h))"],
    ["run.experiment in ('e', None)", "~live"],
    ["'t' in run.tags and run.name != 'x'", "~and(=live ~tag(t))"],
    ["run.tags.contains('t')", "=and(=live =tag(t))"],
    ["run.active or run.experiment == 'e'", "=and(=live =or(=active(true) =experiment(e)))"],
    ["run.active or run.name != 'e'", "~live"],
    ["run.hparams.lr > 0.1", "=and(=live =hparam(lr:int+double+bool))"],
    ["0.5 < run['hparams'].lr", "=and(=live =hparam(lr:int+double+bool))"],
    ["run.hparams['opt'] == 'adam'", "=and(=live =hparam(opt:string))"],
    ["run.hparams.lr in [0.5, 'x']", "=and(=live =hparam(lr:double+string))"],
    ["run.hparams.lr == None", "~live"],
    ["run.hparams.lr != 1", "~live"],
    ["run.hparams.a.b == 1", "=and(=live =hparam(a.b:int+double+bool))"],
    ["'x' == run['hparams'].a['b'].c", "=and(=live =hparam(a.b.c:string))"],
    ["run.hparams == 1", "~live"],
    ["run.hparams.opt.startswith('ad')", "=and(=live =hparam(opt:string))"],
    ["run.name.startswith(('a', 'b'))", "=and(=live =name(2))"],
    ["run.name.startswith(run.hash)", "~live"],
    ["run.name in ['a', 'b']", "=and(=live =name(2))"],
    ["run.name > 'a'", "=and(=live =name(1))"],
    ["run.duration >= 60", "=and(=live =duration(1))"],
    ["60 < run.end_time", "=and(=live =end(1))"],
    ["run.end_time < 5 or run.name == 'a'", "~and(=live ~or(=end(1) =name(1)))"],
    ["run.end_time == None", "~live"],
    ["run.created_at in (1, 2.5)", "=and(=live =createdAt(2))"],
    ["run.metrics['loss'].last < 0.5", "~and(=live ~trace(loss,))"],
    ["0.5 >= run.metrics['loss', {'subset': 'val'}].min", "~and(=live ~trace(loss,))"],
    ["run.metrics['loss'].last == None", "~live"],
    ["1 <= run.hparams.lr < 2", "=and(=live =and(=hparam(lr:int+double+bool) =hparam(lr:int+double+bool)))"],
    // What raises in an operand ends the whole query, so this or is no more than candidates.
    ["run.hparams.a > 1 or run.hparams.b == 2", "~and(=live ~or(=hparam(a:int+double) =hparam(b:int+double)))"],
    ["run.hparams.b == 2 or run.hparams.a > 1", "=and(=live =or(=hparam(b:int+double) =hparam(a:int+double)))"],
    ["run.created_at >= datetime(2026, 1, 1)", "=and(=live =createdAt(1))"],
    ["metric.name == 'loss'", "=and(=live =trace(loss,))"],
    ["metric.name in ['loss']", "~live"],
    ["(run := 1) and run.active == True", "~live"],
    ["any(run.active == True for run in [1])", "~live"],
  ])("%s", (source, expected) => {
    expect(inShort(queryOf(source).plan)).toBe(expected)
  })
})

describe("the bounds of a comparison with a number", () => {
  const ranges = (source: string): unknown => {
    const { plan } = queryOf(source)
    const [, child] = plan.kind === "and" ? plan.children : []
    return child?.kind === "leaf" && child.leaf.index === "hparam" ? child.leaf.ranges : undefined
  }

  it("both zeros are equal, and NaN is in no range", () => {
    expect(ranges("run.hparams.x == 0")).toEqual([
      { type: "int", low: 0n, lowInclusive: true, high: 0n, highInclusive: true },
      { type: "double", low: -0, lowInclusive: true, high: 0, highInclusive: true },
      { type: "bool", low: false, lowInclusive: true, high: false, highInclusive: true },
    ])
  })

  it("an int between two doubles bounds at its neighbours", () => {
    expect(ranges("run.hparams.x > 9007199254740993")).toEqual([
      { type: "int", low: 9007199254740993n, lowInclusive: false, highInclusive: true },
      { type: "double", low: 9007199254740992, lowInclusive: false, high: Number.POSITIVE_INFINITY, highInclusive: true },
    ])
    expect(ranges("run.hparams.x == 9007199254740993")).toEqual([
      { type: "int", low: 9007199254740993n, lowInclusive: true, high: 9007199254740993n, highInclusive: true },
    ])
  })
})

it("a metric search filters by the names that a match must have", () => {
  const names = (source: string): readonly string[] | null => {
    const found = queryOf(source, "metric").traceNames
    return found === null ? null : [...found]
  }
  expect(names("metric.name == 'loss' and run.active == True")).toEqual(["loss"])
  expect(names("'a' == metric.name or metric.name in ['b', 'c']")).toEqual(["a", "b", "c"])
  expect(names("metric.name == 'loss' or run.active == True")).toBeNull()
  expect(names("metric.name in ['a', 'b'] and metric.name != 'a'")).toEqual(["a", "b"])
  expect(queryOf("metric.name == 'loss'", "metric").plan.exact).toBe(false)
})

it("a query says what it may look at", () => {
  const none = { attributes: false, system: false, experiment: false, tags: false, metrics: false, sequence: false }
  expect(queryOf("run.name == 'x' and run.duration > 1").needs).toEqual(none)
  expect(queryOf("run.hparams.lr > 1").needs).toEqual({ ...none, attributes: true })
  expect(queryOf("run['x'] == 1 and run.experiment == 'e'").needs).toEqual({ ...none, attributes: true, experiment: true })
  expect(queryOf("run['__system_params'] == 1").needs).toEqual({ ...none, attributes: true, system: true })
  expect(queryOf("'t' in run.tags or run.metrics['loss'].last").needs).toEqual({ ...none, tags: true, metrics: true })
  expect(queryOf("metric.name == 'loss'").needs.metrics).toBe(true)
  expect(queryOf("metric.last > 1", "metric").needs).toEqual({ ...none, sequence: true })
  const everything = { attributes: true, experiment: true, tags: true, metrics: true }
  expect(queryOf("(r := run).tags").needs).toMatchObject(everything)
  expect(queryOf("metric.run.tags", "metric").needs).toMatchObject(everything)
})

it("only the empty query, also as a bare select, is empty", () => {
  expect(["", "  ", "select x", "selected == 1"].map((source) => queryOf(source).isEmpty)).toEqual([true, true, true, true])
  expect(["()", "1", "select * if 1"].map((source) => queryOf(source).isEmpty)).toEqual([false, false, false])
})
