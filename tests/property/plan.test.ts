import fc from "fast-check"
import Fastify, { type FastifyInstance } from "fastify"
import { afterAll, describe, expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { compile, type CompileOptions, type Query } from "../../domain/query/index.ts"
import { Float, type Value } from "../../domain/value.ts"
import type { AnyFact } from "../../events/index.ts"
import { searchRoutes } from "../../gateways/query/search-routes.ts"
import { candidatesOf } from "../../projections/plan-executor.ts"
import type { Rows } from "../../projections/rows.ts"
import { sortedByDate } from "../../projections/search-dates.ts"
import { factsOf, RunLoader, sequenceFacts } from "../../projections/search-facts.ts"
import { everyRun, runsOf, sortedById } from "../../projections/search-sets.ts"
import { type Bed, bed, recorded, stamped } from "../support/folding.ts"
import { goldenSecret } from "../support/golden-store.ts"
import { type Decoded, decodeTree } from "../support/stream-decoder.ts"

const long = "é".repeat(300)
const ints: readonly Value[] = [0, 1, 2, -1, 3, 1n << 60n, -(1n << 62n), 2 ** 53, (1n << 53n) + 1n]
const floats: readonly Value[] = [new Float(0), new Float(-0), new Float(1), new Float(2), new Float(2 ** 53), 0.1, -0.5, 2.5]
const others: readonly Value[] = [Number.NaN, Infinity, -Infinity, true, false, null, "", "a", "b", "aé", [1], new Map()]
const values: readonly Value[] = [...ints, ...floats, ...others, long, `${long}x`, `${long}y`]
const plain = [
  "0",
  "1",
  "2",
  "-1",
  "0.0",
  "-0.0",
  "0.1",
  "-0.5",
  "1.0",
  "2.5",
  "1.5",
  "True",
  "False",
  "None",
  "'a'",
  "'aé'",
  "''",
]
const edges = ["9007199254740993", "9007199254740992.0", "1e400", "-1e400", "1152921504606846976", "'\\ud800'"]
const literals = [...plain, ...edges, `'${long}'`, `'${long}x'`]
const experiments = ["exp", "other", long, `${long}z`]
const times = [1_767_225_600, 1_767_225_600.5, 1_767_229_200, 0]

interface Made {
  readonly hparams: ReadonlyMap<string, Value>
  readonly name: string | null
  readonly experiment: number | null
  readonly tags: readonly number[]
  readonly isArchived: boolean
  readonly isFinished: boolean
  readonly isDeleted: boolean
  readonly isRestored: boolean
  readonly metrics: readonly string[]
  readonly images: readonly string[]
  readonly at: number
}

const someOf = <A>(all: readonly A[], most = 2) => fc.subarray([...all], { maxLength: most })
const aRun: fc.Arbitrary<Made> = fc.record({
  hparams: fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom("lr", "n"), fc.constantFrom(...values))),
      fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom(...values)), { maxLength: 2 }),
    )
    .map(
      ([entries, below]) => new Map<string, Value>([...entries, ...(below.length > 0 ? [["opt", new Map(below)] as const] : [])]),
    ),
  name: fc.option(fc.constantFrom("base", "baz", "b", "\u{10ffff}x", "é", long, `${long}y`)),
  experiment: fc.option(fc.nat(experiments.length - 1), { freq: 3 }),
  tags: someOf([0, 1, 2]),
  isArchived: fc.boolean(),
  isFinished: fc.boolean(),
  isDeleted: fc.nat(7).map((n) => n === 0),
  isRestored: fc.boolean(),
  metrics: someOf(["loss", "acc", long]),
  images: someOf(["loss", "img"]),
  at: fc.constantFrom(...times),
})

const factsFor = (runId: string, run: Made): readonly AnyFact[] => {
  const sequence = { runId, contextId: 0, context: encodeValue(new Map()) }
  const points = { values: [1], steps: [0], epochs: [], firstTime: 0, timeOffsets: [0] }
  return [
    { type: "RunCreated", data: { runId, clientStart: run.at } },
    { type: "AttributesSet", data: { runId, paths: [["hparams"]], values: [encodeValue(run.hparams)] } },
    ...(run.name === null ? [] : [{ type: "RunRenamed", data: { runId, name: run.name } } as const]),
    ...(run.experiment === null
      ? []
      : [
          {
            type: "RunExperimentSet",
            data: { runId, experimentId: `e${run.experiment}`, name: experiments[run.experiment] ?? "" },
          } as const,
        ]),
    ...run.tags.map((tag) => ({ type: "RunTagged", data: { runId, tagId: `t${tag}`, name: `tag${tag}` } }) as const),
    ...run.metrics.map((name) => ({ type: "PointsLogged", data: { ...sequence, ...points, name, dtype: "float" } }) as const),
    ...run.images
      .filter((name) => !run.metrics.includes(name))
      .map(
        (name) =>
          ({
            type: "ObjectLogged",
            data: { ...sequence, name, dtype: "image", step: 0, epoch: null, value: encodeValue(new Map()) },
          }) as const,
      ),
    ...(run.isArchived ? [{ type: "RunArchived", data: { runId } } as const] : []),
    ...(run.isFinished ? [{ type: "RunFinished", data: { runId, finishedAt: null } } as const] : []),
    ...(run.isDeleted ? [{ type: "RunDeleted", data: { runId } } as const] : []),
    ...(run.isDeleted && run.isRestored ? [{ type: "RunRestored", data: { runId } } as const] : []),
  ]
}

const operator = fc.constantFrom("==", "!=", "<", "<=", ">", ">=")
const literal = fc.constantFrom(...literals)
const hparam = fc.constantFrom(
  "run.hparams.lr",
  'run.hparams["n"]',
  'run["hparams"]["lr"]',
  "run.hparams.nope",
  "run.hparams.opt.a",
  'run.hparams["opt"]["b"]',
  "run.hparams.lr.a",
  "run.hparams.opt",
)
const prefix = fc.constantFrom("'b'", "'ba'", "''", "('base', 'é')", "'\u{10ffff}'", "'a'", `'${long}'`, "()")
const named = (subject: string, names: readonly string[]) =>
  fc.tuple(fc.constantFrom("==", "!="), fc.constantFrom(...names)).map(([sign, name]) => `${subject} ${sign} '${name}'`)
const term: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(hparam, operator, literal).map((parts) => parts.join(" ")),
  fc.tuple(literal, operator, hparam).map((parts) => parts.join(" ")),
  fc.tuple(literal, hparam, literal).map(([low, subject, high]) => `${low} <= ${subject} < ${high}`),
  fc.tuple(hparam, fc.array(literal, { maxLength: 3 })).map(([subject, list]) => `${subject} in [${list.join(", ")}]`),
  fc
    .tuple(fc.constantFrom("run.name", "run.hparams.lr", "run.hash", "run.experiment", "run.hparams.opt.a"), prefix)
    .map(([subject, text]) => `${subject}.startswith(${text})`),
  fc.tuple(fc.constantFrom("run.name"), operator, literal).map((parts) => parts.join(" ")),
  fc.tuple(operator, literal).map(([sign, name]) => `${name} ${sign} run.name`),
  named("run.name", ["base", "b", "é", "nobody"]),
  fc
    .tuple(
      fc.constantFrom("run.duration", "run.end_time", "run.created_at"),
      operator,
      fc.constantFrom("0", "1", "0.5", "1767225600", "1767225660.5", "None", "True"),
    )
    .map((parts) => parts.join(" ")),
  fc.constantFrom("run.duration in [0, 0.5]", "run.end_time in (1767225600, 5)", "run.created_at in [0, 1767225600.5]"),
  fc
    .tuple(
      fc.constantFrom("run.metrics['loss'].last", "run.metrics['img', {}].min", "run.metrics['nope'].max"),
      operator,
      literal,
    )
    .map((parts) => parts.join(" ")),
  named("run.experiment", [...experiments, "renamed", "nobody"]),
  fc.constantFrom("tag0", "tag1", "renamed", "nobody").map((tag) => `'${tag}' in run.tags`),
  fc.constantFrom("tag0", "renamed").map((tag) => `'${tag}' not in run.tags`),
  named("metric.name", ["loss", "img", long, "nobody"]),
  named("images.name", ["loss", "img"]),
  fc.constantFrom("metric.name in ['loss', 'acc']", "metric.last > 0", "metric.name.startswith('l')", "images.last == 0"),
  named("run.hash", ["run0", "run1", "run9", "nobody"]),
  fc.constantFrom("run.active == True", "run.active", "not run.active", "run.archived == True", "run.is_archived == False"),
  fc
    .tuple(operator, fc.constantFrom("1767225600", "datetime(2026, 1, 1)", "0", "1767225600.5"))
    .map((parts) => `run.created_at ${parts.join(" ")}`),
  fc.constantFrom("len(run.name) > 3", "run.hparams.lr", "True", "1/0 == 1"),
)
const aQuery: fc.Arbitrary<string> = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    term,
    fc.tuple(tie("query"), fc.constantFrom("and", "or"), tie("query")).map(([a, joint, b]) => `(${a} ${joint} ${b})`),
    tie("query").map((query) => `not (${query})`),
  ),
})).query

const filter = async (rows: Rows, runs: readonly string[], query: Query): Promise<readonly string[]> => {
  const loader = new RunLoader(rows)
  const kept: string[] = []
  for (const run of runs) {
    const loaded = await loader.load(run, { attributes: true, metrics: true, tags: true })
    if (loaded !== undefined && query.matches({ run: factsOf(loaded) }, { steps: 1e9 })) kept.push(run)
  }
  return kept
}

const planned = async (rows: Rows, query: Query): Promise<readonly string[]> => {
  const { set, exact } = await candidatesOf(rows, query.plan)
  const runs = sortedById(await runsOf(set))
  return exact ? runs : filter(rows, runs, query)
}

/** The runs and sequences that the gateway sends for a query. */
const searched = async (server: FastifyInstance, kind: "metric" | "images", q: string): Promise<readonly string[]> => {
  const reply = await server.inject({ method: "GET", url: `/runs/search/${kind}`, query: { q, report_progress: "false" } })
  if (reply.statusCode !== 200) throw new Error(reply.body)
  return [...(decodeTree(reply.rawPayload) as ReadonlyMap<string, ReadonlyMap<string, Decoded>>)].flatMap(([run, tree]) =>
    (tree.get("traces") as readonly ReadonlyMap<string, Decoded>[]).map((trace) => `${run} ${String(trace.get("name"))}`),
  )
}

/** The same without a plan: every sequence of the kind of every run is asked. */
const asked = async (rows: Rows, kind: "metric" | "images", query: Query): Promise<readonly string[]> => {
  const loader = new RunLoader(rows)
  const found: string[] = []
  for (const { run } of await sortedByDate(rows, await runsOf(everyRun(rows)), true)) {
    const loaded = await loader.load(run, { attributes: true, metrics: true, tags: true })
    if (loaded === undefined) continue
    for (const trace of loaded.traces ?? []) {
      const isOfKind = kind === "metric" ? trace.kind === "metric" : trace.dtype === "image"
      const facts = { run: factsOf(loaded), sequence: sequenceFacts(trace) }
      if (isOfKind && query.matches(facts, { steps: 1e9 })) found.push(`${run} ${trace.name}`)
    }
  }
  return found
}

const queried = (text: string, sequenceName: CompileOptions["sequenceName"] = null): Query => {
  const compiled = compile(text, { timezoneOffsetMinutes: 0, sequenceName })
  if ("refused" in compiled) throw new Error(`${text}: ${compiled.refused.message}`)
  return compiled.query
}

describe("Law 11", () => {
  const beds: Bed[] = []
  afterAll(() => Promise.all(beds.map((made) => made.close())))

  it("a query finds the same runs and sequences with its plan as without it, also while renamed entities settle", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(aRun, { minLength: 8, maxLength: 24 }),
        fc.array(aQuery, { minLength: 40, maxLength: 40 }),
        fc.boolean(),
        async (runs, queries, isSettled) => {
          const made = await bed()
          beds.push(made)
          const events = runs.flatMap((run, i) => factsFor(`run${i}`, run).map((fact) => stamped(fact, run.at)))
          await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
          const renames: readonly AnyFact[] = [
            { type: "ExperimentRenamed", data: { id: "e0", from: "exp", name: "renamed" } },
            { type: "TagRenamed", data: { id: "t1", from: "tag1", name: "renamed" } },
            { type: "TagDeleted", data: { id: "t2", name: "tag2" } },
          ]
          const control = recorded(
            "control-events",
            0,
            renames.map((fact) => stamped(fact, 1)),
          )
          await made.fold({ topic: "control-events", partition: 0 }, control, 2)
          if (isSettled) await made.settle(2)
          const server = Fastify()
          await server.register(searchRoutes({ read: made.read, clock: () => 0, blobSecret: goldenSecret }))
          for (const text of queries.slice(0, 8))
            for (const kind of ["metric", "images"] as const) {
              const want = await made.read((rows) => asked(rows, kind, queried(text, kind)))
              expect(await searched(server, kind, text), `${kind}: ${text}`).toEqual(want)
            }
          await server.close()
          for (const text of queries) {
            const query = queried(text)
            const [withPlan, without] = await made.read(async (rows) => [
              await planned(rows, query),
              await filter(rows, sortedById(await runsOf(everyRun(rows))), query),
            ])
            expect(
              withPlan,
              `${text}\n${JSON.stringify(query.plan, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))}`,
            ).toEqual(without)
          }
        },
      ),
      { numRuns: Number(process.env["MATYAN_PLAN_RUNS"] ?? 4) },
    ))
})
