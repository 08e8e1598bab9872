import { describe, expect, it } from "vitest"
import { compile, type RunFacts, type SequenceFacts } from "../../../domain/query/index.ts"
import { Float, float, type Value } from "../../../domain/value.ts"
import { mapOf, runFacts } from "./seed-facts.ts"

const run = runFacts({
  name: "alpha",
  createdAt: 1767225600,
  finalizedAt: 1767225660.5,
  experiment: "exp1",
  tags: new Set(["prod"]),
  attributes: new Map<string, Value>([
    ["name", "mine"],
    [
      "hparams",
      new Map<string, Value>([
        ["lr", float(0.1)],
        ["one", 1],
        ["whole", new Float(1)],
        ["big", 9007199254740993n],
        ["nan", Number.NaN],
        ["text", "añ😀"],
        ["none", null],
        ["list", [1, mapOf({ k: 1 })]],
        ["opt", mapOf({ name: "adam" })],
      ]),
    ],
  ]),
  metric: (name, context) =>
    name === "loss" && (context === null || context.get("subset") === "train")
      ? { last: 0.5, lastStep: 9, first: 2, min: 0.25, max: 2 }
      : undefined,
})

const matches = (query: string, facts: RunFacts = run, sequence?: SequenceFacts): boolean => {
  const sequenceName = sequence === undefined ? null : "metric"
  const compiled = compile(query, { timezoneOffsetMinutes: -240, sequenceName, now: 1767225600 })
  if ("refused" in compiled) throw new Error(`${query}: ${compiled.refused.message}`)
  return compiled.query.matches(sequence === undefined ? { run: facts } : { run: facts, sequence }, { steps: 1_000_000 })
}

describe("what is true in Python matches", () => {
  it.each([
    // Numbers
    "run.hparams.one == run.hparams.whole == True",
    "str(run.hparams.one) == '1' and str(run.hparams.whole) == '1.0'",
    "run.hparams.big == 2**53 + 1 and run.hparams.big != 2.0**53 and run.hparams.big > 2.0**53",
    "-7 // 2 == -4 and -7 % 3 == 2 and 7 % -3 == -2 and divmod(-7.5, 2) == (-4.0, 0.5)",
    "round(0.5) == 0 and round(1.5) == 2 and round(2.675, 2) == 2.67 and round(1234, -2) == 1200",
    "2**200 == 1606938044258990275541962092341162602522202993782792835301376",
    "0.1 + 0.2 != 0.3 and str(0.1 + 0.2) == '0.30000000000000004'",
    "repr(1e16) == '1e+16' and repr(1e15) == '1000000000000000.0' and repr(1e-5) == '1e-05' and repr(-0.0) == '-0.0'",
    "int('0x1f', 16) == 31 and int(-1.9) == -1 and float('-inf') < 0 and isinstance(True, int)",
    "sum([0.1] * 10) == 1.0",
    "not run.hparams.nan == run.hparams.nan and run.hparams.nan != run.hparams.nan and not run.hparams.nan < 1",
    "pow(3, -1, 7) == 5 and 10**20 // 3 == 33333333333333333333 and (2**70) / (2**69) == 2.0",
    "True + True == 2 and ~5 == -6 and 6 & 3 == 2 and 1 << 70 == 2**70",
    // Texts
    "len(run.hparams.text) == 3 and run.hparams.text[-1] == '😀' and run.hparams.text[::-1] == '😀ña'",
    "'\\uffff' < '😀' and 'a' < 'b' and 'Z' < 'a' and 'ß'.upper() == 'SS'",
    "'%05.1f|%-4s|%x' % (3.14159, 'a', 255) == '003.1|a   |ff'",
    "f'{1234567.891:,.2f} {255:#x} {0.25:%} {\"a\":^5}|' == '1,234,567.89 0xff 25.000000%   a  |'",
    "f'{run.hparams.lr!r:>6}' == '   0.1' and f'{1+1=}' == '1+1=2'",
    "'a,b,,c'.split(',') == ['a', 'b', '', 'c'] and ' a  b '.split() == ['a', 'b'] and 'abc'.partition('b') == ('a', 'b', 'c')",
    "'abc'.startswith(('x', 'a')) and 'hello world'.title() == 'Hello World' and '-5'.zfill(4) == '-005'",
    "repr('it\\'s') == '\"it\\'s\"' and repr('\\n') == \"'\\\\n'\"",
    // Collections and comprehensions
    "[1, 2, 3][1:] == [2, 3] and (1, 2) + (3,) == (1, 2, 3) and (1, 2) != [1, 2] and [1, 2] < [1, 3]",
    "{1: 'a', 1.0: 'b', True: 'c'} == {1: 'c'} and len({1, 1.0, True}) == 1 and {1, 2} >= {1}",
    "[x * y for x in (1, 2) for y in range(3) if y] == [1, 2, 2, 4]",
    "any(x > 1 for x in [5, None]) and [f() for f in [lambda: x for x in range(3)]] == [2, 2, 2]",
    "sorted(['b', 'A', 'c'], key=lambda s: s.lower()) == ['A', 'b', 'c'] and max([1, 3], key=lambda v: -v) == 1",
    "[a + b for a, (b, *c) in [(1, (2, 3, 4))]] == [3] and list(zip([1, 2], 'ab')) == [(1, 'a'), (2, 'b')]",
    "repr([math.modf(float(x)) for x in ['nan', '-inf', '-0.5']]) == '[(nan, nan), (-0.0, -inf), (-0.5, -0.0)]'",
    "[(lambda: (x := 2))() for x in [1]] == [2] and [(lambda: z), (lambda a=(z := 1): a)()][0]() == 1",
    "(y := 5) > 4 and y == 5 and [last := i for i in range(3)] and last == 2",
    "(lambda a, *b, c=3, **d: (a, b, c, d))(1, 2, z=4) == (1, (2,), 3, {'z': 4})",
    // Moments: naive times are the user's
    "datetime(2026, 1, 1) == 1767211200.0",
    "datetime(2026, 1, 1, hour=0).timestamp() == 1767211200.0",
    "(datetime.now() - timedelta(days=1)).timestamp() == 1767139200.0 and datetime.now().hour == 4",
    "timedelta(hours=36).days == 1 and timedelta(days=1).total_seconds() == 86400.0",
    // Runs
    "run.created_at == 1767225600.0 and run.duration == 60.5 and str(run.created_at) == '1767225600.0'",
    "run.nope.deep.deeper is None and run.hparams.none is None and run.hparams.lr.foo is None and run.name.foo is None",
    "run.name == 'alpha' and run['name'] == 'mine' and run['nope'] is None",
    "run.hparams.opt == {'name': 'adam'} and 'name' in run.hparams.opt and run.hparams['opt'].name == 'adam'",
    "run.hparams.list[1]['k'] == 1 and run.hparams.list[1].get('z', 2) == 2 and run.hparams.list[1].k is None",
    "'prod' in run.tags and not run.tags.contains('x')",
    "run.metrics['loss'].last == 0.5 and run.metrics['loss'].last_step == 9 and run.metrics['loss'].min == 0.25",
    "run.metrics['loss', {'subset': 'train'}].first == 2.0 and run.metrics['loss', {'subset': 'val'}].last is None",
    "run.metrics['loss'] and not run.metrics['nope']",
  ])("%s", (query) => {
    expect(matches(query)).toBe(true)
  })
})

describe("what raises in Python, or is false, does not match", () => {
  it.each([
    "run.hparams.nope > 1",
    "run.hparams.nope > 1 or True",
    "run.hparams['nope'] is None",
    "run.hparams.opt.keys()",
    "1 < 'a'",
    "[] < ()",
    "None()",
    "undefined or True",
    "len(run.tags) >= 0",
    "[x for x in run.tags] == []",
    "'{}'.format(1)",
    "random.random() < 2",
    "list('ab')",
    "range(1000)",
    "max(*[1, 2])",
    "{[]: 1}",
    "1 / 0 or True",
    "10.0 ** 400",
    "(f := lambda n: f(n + 1))(0)",
    "'a' + 1",
    "int('1.5')",
    "[].append(1) or True",
    "print(1) or True",
    "open('x')",
    "()",
    "0.0",
    "run.metrics['loss', 1].last",
    "(-8) ** 0.5",
    "1 if False else 0",
  ])("%s", (query) => {
    expect(matches(query)).toBe(false)
  })
})

it("archived runs match only queries that compare the flag", () => {
  const archived = runFacts({ archived: true })
  expect(matches("True", archived)).toBe(false)
  expect(matches("run.archived", archived)).toBe(false)
  expect(matches("run.archived or run.is_archived == True", archived)).toBe(true)
})

it("a sequence is asked by the name of its search, and a run's metrics beside it", () => {
  const sequence: SequenceFacts = {
    name: "acc",
    context: mapOf({ subset: "val", fold: 1 }),
    last: 3,
    lastStep: 7,
    first: 1,
    min: 1,
    max: 3,
  }
  expect(
    matches("metric.name == 'acc' and metric.context.subset == 'val' and metric.context['fold'] == 1.0", run, sequence),
  ).toBe(true)
  expect(
    matches(
      "metric.last == 3 and str(metric.last) == '3.0' and metric.last_step == 7 and metric.max > metric.first",
      run,
      sequence,
    ),
  ).toBe(true)
  expect(matches("metric.run.name == 'alpha' and metric.context.nope is None and metric.nope is None", run, sequence)).toBe(true)
  expect(matches("metric.context['nope'] is None", run, sequence)).toBe(false)
  expect(matches("images.name == 'acc'", run, sequence)).toBe(false)
})
