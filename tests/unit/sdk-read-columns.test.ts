import { describe, expect, expectTypeOf, test } from "vitest"
import { columnsOf, everyColumn } from "../../sdk/read/columns.ts"
import { connect, type MatyanError, type RunRow } from "../../sdk/read.ts"

const aRow = (id: string, more: Partial<RunRow> = {}): RunRow => ({
  id,
  name: `name of ${id}`,
  description: "",
  experiment: null,
  tags: [],
  created: 100,
  ended: null,
  archived: false,
  active: true,
  params: {},
  metrics: [],
  ...more,
})

const aMetric = (name: string, context: Readonly<Record<string, unknown>>, last: number | null) => ({
  name,
  context,
  last,
  lastStep: 7,
  first: 3,
  min: 1,
  max: 9,
})

const rows = [
  aRow("a", {
    params: { hparams: { lr: 0.1, opt: "adam" }, "dotted.name": { x: 1 } },
    metrics: [aMetric("loss", { subset: "train", fold: 1 }, Number.NaN), aMetric("loss", { subset: "val" }, 0.5)],
    experiment: { id: "e", name: "digits", description: "" },
    ended: 160,
  }),
  aRow("b", { params: { hparams: { lr: 1, layers: [1, 2] } }, tags: [{ id: "t", name: "good", color: "", description: "" }] }),
]

describe("columns", () => {
  test("are numbers with NaN, or lists with null, where a row has nothing", () => {
    const columns = columnsOf(rows, {
      id: "id",
      seconds: "duration",
      of: "experiment",
      tags: "tags",
      lr: "params.hparams.lr",
      opt: "params.hparams.opt",
      x: "params.dotted.name.x",
      none: "params.hparams.none",
      loss: { metric: "loss", context: { fold: 1, subset: "train" }, of: "min" },
      last: { metric: "loss", context: { subset: "val" } },
      length: (row) => row.name.length,
      upper: (row) => row.id.toUpperCase(),
    })
    expect(columns).toEqual({
      id: ["a", "b"],
      seconds: Float64Array.of(60, Number.NaN),
      of: ["digits", null],
      tags: [[], ["good"]],
      lr: Float64Array.of(0.1, 1),
      opt: ["adam", null],
      x: Float64Array.of(1, Number.NaN),
      none: Float64Array.of(Number.NaN, Number.NaN),
      loss: Float64Array.of(1, Number.NaN),
      last: Float64Array.of(0.5, Number.NaN),
      length: Float64Array.of(9, 9),
      upper: ["A", "B"],
    })
    expectTypeOf(columns.id).toEqualTypeOf<readonly string[]>()
    expectTypeOf(columns.seconds).toEqualTypeOf<Float64Array<ArrayBuffer>>()
    expectTypeOf(columns.of).toEqualTypeOf<readonly (string | null)[]>()
    expectTypeOf(columns.loss).toEqualTypeOf<Float64Array<ArrayBuffer>>()
    expectTypeOf(columns.length).toEqualTypeOf<Float64Array<ArrayBuffer>>()
    expectTypeOf(columns.upper).toEqualTypeOf<readonly (string | null)[]>()
  })

  test("of everything are all that any row has", () => {
    const columns = everyColumn(rows)
    expect(Object.keys(columns).slice(10)).toEqual([
      "params.hparams.lr",
      "params.hparams.opt",
      "params.dotted.name.x",
      "params.hparams.layers",
      'metrics.loss {"fold":1,"subset":"train"}',
      'metrics.loss {"subset":"val"}',
    ])
    expect(columns["params.hparams.layers"]).toEqual([null, [1, 2]])
    expect(columns["created"]).toEqual(Float64Array.of(100, 100))
    for (const column of Object.values(columns)) expect(column).toHaveLength(2)
  })

  test("of no rows are empty", () => expect(everyColumn([])["id"]).toEqual([]))
})

describe("the types of reading", () => {
  const matyan = connect("http://localhost:1")

  test("know which parts of rows were selected", () => {
    const [all, few] = [matyan.runs.query(""), matyan.runs.query("", { select: ["metrics"] })]
    expectTypeOf(all.toArray).returns.resolves.items.toEqualTypeOf<RunRow>()
    expectTypeOf(few.toArray).returns.resolves.items.toEqualTypeOf<RunRow<"metrics">>()
    expectTypeOf<RunRow<"metrics">>().not.toHaveProperty("params")
  })

  test("tell buckets from points", () => {
    expectTypeOf(() => matyan.metrics.series({ query: "", buckets: 3 })).returns.resolves.toHaveProperty("edges")
    expectTypeOf(() => matyan.metrics.series({ query: "" })).returns.resolves.items.toHaveProperty("steps")
  })

  test("hold a request to what its operation takes and answers", () => {
    const ask = () => matyan.request("GET /runs/{id}/info", { path: { id: "r" } })
    expectTypeOf(ask).returns.resolves.toHaveProperty("body")
    // @ts-expect-error -- the path needs an id
    const none = () => matyan.request("GET /runs/{id}/info", { path: {} })
    // @ts-expect-error -- there is no such operation
    const unknown = () => matyan.request("GET /nothing")
    expect([none, unknown]).toHaveLength(2)
    expectTypeOf<MatyanError["status"]>().toEqualTypeOf<number>()
  })
})
