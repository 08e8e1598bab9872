import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { AnyFact } from "../../events/index.ts"
import { RunIntake } from "../../domain/ingest/intake.ts"
import { type Translation, translateFrame } from "../../domain/ingest/translate.ts"
import { defaultIngestLimits, type IngestLimits } from "../../domain/limits.ts"
import { decodeValue, encodeValue } from "../../domain/msgpack.ts"
import { Float, type Value } from "../../domain/value.ts"

const now = 1_767_225_700.5
const early = "2026-01-01T00:00:00Z"
const bind = (kind: string, name: string): string => `${kind}:${name}`
const intakeOf = (limits: Partial<IngestLimits> = {}, run = "RUN1"): RunIntake =>
  new RunIntake(run, { ...defaultIngestLimits, ...limits })
const translate = (text: string, intake = intakeOf()): Translation => {
  const reading = translateFrame(text, intake, now, bind)
  if (reading === "not-messages") throw new Error("not messages")
  return reading
}
const facts = (messages: unknown, intake = intakeOf()): readonly AnyFact[] => {
  const { stated, error } = translate(typeof messages === "string" ? messages : JSON.stringify(messages), intake)
  expect(error).toBeNull()
  return stated.map(({ fact }) => fact)
}
const errorOf = (messages: unknown, limits: Partial<IngestLimits> = {}): string | null =>
  translate(typeof messages === "string" ? messages : JSON.stringify(messages), intakeOf(limits)).error
const metric = (fields: object = {}) => ({
  type: "log_metric",
  name: "loss",
  value: 0.5,
  step: 0,
  epoch: null,
  context: null,
  dtype: "float",
  client_datetime: early,
  ...fields,
})
const points = (fact: AnyFact | undefined) => {
  if (fact?.type !== "PointsLogged") throw new Error(`points expected, not ${fact?.type}`)
  return fact.data
}

interface Golden {
  readonly send: string
  readonly status: "ok" | "error"
  readonly error_first_lines?: readonly string[]
}
const golden = JSON.parse(readFileSync(new URL("../fixtures/golden/ws.json", import.meta.url), "utf8")) as readonly Golden[]

/** What the frames of the reference's vectors state here. NaN, infinities and finish times are kept (mendings 3 and 13). */
const noContext = { contextId: 0, context: encodeValue(new Map()) }
const runId = "RUN1"
const stated: Readonly<Record<number, readonly AnyFact[]>> = {
  0: [{ type: "RunCreated", data: { runId, clientStart: 1_767_225_600 } }],
  1: [{ type: "RunCreated", data: { runId, clientStart: 1_767_225_600 } }],
  2: [{ type: "RunCreated", data: { runId, clientStart: 1_767_225_600 } }],
  8: [{ type: "RunFinished", data: { runId, finishedAt: 1_767_225_600 } }],
  9: [],
  10: [
    { type: "RunRenamed", data: { runId, name: "x" } },
    { type: "RunArchived", data: { runId } },
  ],
  13: [],
  // The reference stops at the second item; here the third is stored as well (mending 6).
  14: [
    { type: "RunTagged", data: { runId, tagId: "tag:a", name: "a" } },
    { type: "RunTagged", data: { runId, tagId: "tag:b", name: "b" } },
  ],
  17: [{ type: "TerminalLinesLogged", data: { runId, steps: [0], lines: ["x"] } }],
  18: [{ type: "ArtifactLogged", data: { runId, path: "a", key: "RUN1/a", contentType: "application/octet-stream" } }],
  19: [
    {
      type: "ObjectLogged",
      data: {
        runId,
        name: "i",
        ...noContext,
        dtype: "image",
        step: null,
        epoch: null,
        value: encodeValue(new Map([["type", "image"]])),
      },
    },
  ],
}

describe("the reference's frames", () => {
  it.each(golden.map((vector, index) => [index, vector.send.slice(0, 60), vector] as const))("%i: %s", (index, _, vector) => {
    const { stated: got, error } = translate(vector.send)
    // An integer beyond 64 bits cannot be stored: the reference says ok and then loses the whole chunk.
    const status = index === 7 ? "error" : vector.status
    expect(error === null ? "ok" : "error").toBe(status)
    if (stated[index] !== undefined) expect(got.map(({ fact }) => fact)).toEqual(stated[index])
    const first = vector.error_first_lines
    if (first === undefined) return
    if (index !== 14)
      expect(
        error
          ?.split("\n")
          .slice(first.length === 1 ? 0 : 1)
          .slice(0, first.length),
      ).toEqual(first)
    else expect(error).toBe(`item 1: ${first[0]}: ${first[1]?.trim()}`)
  })

  it("keeps NaN where the reference stores null", () => {
    expect(points(facts(golden[4]!.send)[0]).values).toEqual([Number.NaN])
  })

  it("reads numeric strings and the context's int", () => {
    const { values, steps, context } = points(facts(golden[5]!.send)[0])
    expect([values, steps, decodeValue(context)]).toEqual([[1.5], [3], new Map([["a", 1]])])
  })

  it("packs a log record with its fields in the stored order", () => {
    const [fact] = facts(golden[16]!.send)
    if (fact?.type !== "LogRecordsLogged") throw new Error("records expected")
    expect([...(decodeValue(fact.data.records[0]!) as ReadonlyMap<string, Value>)]).toEqual([
      ["message", "m"],
      ["log_level", 20],
      ["timestamp", 1.5],
      ["args", new Map([["k", 1]])],
      ["logger_info", ["f", 1]],
    ])
  })
})

describe("points", () => {
  it("of one sequence become one event, in columns, in the order they came", () => {
    const [fact, ...others] = facts([
      metric({ step: 5, value: 1 }),
      metric({ step: 3, value: 2, client_datetime: "2026-01-01T00:00:01.5Z" }),
      metric({ step: 5, value: 3, client_datetime: "2025-12-31T23:59:59Z" }),
    ])
    expect(others).toEqual([])
    expect(points(fact)).toEqual({
      runId,
      name: "loss",
      ...noContext,
      dtype: "float",
      values: [1, 2, 3],
      steps: [5, 3, 5],
      epochs: [],
      firstTime: 1_767_225_600_000_000,
      timeOffsets: [0, 1_500_000, -1_000_000],
    })
  })

  it("of interleaved sequences are grouped by sequence", () => {
    const names = facts(["a", "b", "a", "b"].map((name, step) => metric({ name, step }))).map((fact) => {
      const { name, steps } = points(fact)
      return [name, steps]
    })
    expect(names).toEqual([
      ["a", [0, 2]],
      ["b", [1, 3]],
    ])
  })

  it.each<[string, object, object]>([
    ["dtype", { dtype: "float" }, { dtype: "int" }],
    ["epoch's presence", { epoch: null }, { epoch: 1 }],
    ["counted step", { step: null }, { step: 1 }],
  ])("part where the %s changes", (_, first, second) =>
    expect(facts([metric(first), metric(first), metric(second)])).toHaveLength(2),
  )

  it("without steps leave them to be counted on", () =>
    expect(points(facts([metric({ step: null }), metric({ step: null })])[0])).toMatchObject({ steps: [], values: [0.5, 0.5] }))

  it("do not pass an object of their sequence, nor a message about the run", () => {
    const image = { type: "log_custom_object", name: "loss", value: { type: "image" }, dtype: "image" }
    expect(facts([metric(), image, metric()]).map(({ type }) => type)).toEqual(["PointsLogged", "ObjectLogged", "PointsLogged"])
    const finish = { type: "finish_run" }
    expect(facts([metric(), finish, metric()]).map(({ type }) => type)).toEqual(["PointsLogged", "RunFinished", "PointsLogged"])
  })

  it("labelled as an object or a log are metrics all the same", () => {
    for (const dtype of ["image", "custom", "logs", "log_records", "", null])
      expect(points(facts([metric({ dtype })])[0]).dtype).toBe("float")
    expect(points(facts([metric({ dtype: "float32" })])[0]).dtype).toBe("float32")
  })

  it("are cut to the gateway's clock, and to 1970", () => {
    const [fact] = facts([metric({ client_datetime: "2999-01-01T00:00:00Z" }), metric({ client_datetime: "0001-01-01" })])
    const { firstTime, timeOffsets } = points(fact)
    expect(timeOffsets.map((offset) => (firstTime + offset) / 1e6)).toEqual([now, 0])
  })

  it("read the same plainly and exactly, known sequence or not", () => {
    const contexts = [null, {}, { subset: "train" }, { b: true, a: null }, { gpu: 0 }, { 2: "x", 1: "y" }]
    const messages = contexts.flatMap((context, at) => [
      metric({ context, step: at }),
      metric({ context, step: at + 1, value: -0.25 }),
    ])
    const text = JSON.stringify(messages)
    const intake = intakeOf()
    const first = facts(text, intake)
    expect(facts(text, intake)).toEqual(first)
    // NaN sends the whole frame the exact way.
    const exact = facts(`${text.slice(0, -1)},${JSON.stringify(metric({ name: "z", value: 9 })).replace(":9", ":NaN")}]`, intake)
    expect(exact.slice(0, -1)).toEqual(first)
  })

  it.each([
    '{"a":1}',
    '{"a":1.0}',
    '{"a":1e0}',
    '{"a":0.25}',
    '{"a":1e-7}',
    '{"a":-0.0}',
    '{"a":1e400}',
    '{"a":9007199254740993}',
    '{"a}":1.0}',
    '{"a":"}","b":1.0}',
    '{"a":"}","b":1}',
    '{ "a" : "x" , "b" : 1.0 }',
    '{"a":{"b":1.0}}',
    '{"a":"1.0"}',
    '{"a":[1]}',
  ])("with the context %s are of the same sequence the second time, when it is known", (context) => {
    for (const key of ['"context"', String.raw`"\u0063ontext"`]) {
      const text = `[${JSON.stringify(metric()).replace('"context":null', `${key}:${context}`)}]`
      const intake = intakeOf()
      // So that `1` is known when `1.0` comes.
      const known = [{ a: 1 }, { a: "}", b: 1 }, { "a}": 1 }, { a: null }, { a: 2 ** 53 }, { a: 0 }]
      facts(
        known.map((context) => metric({ context })),
        intake,
      )
      const [first, second] = [facts(text, intake), facts(text, intake)]
      expect(second).toEqual(first)
      expect(points(first[0]).contextId).toBe(points(facts(text)[0]).contextId)
    }
  })

  it("keep 1 and 1.0 apart in contexts, and negative zero in values", () => {
    const text = (number: string) => JSON.stringify(metric({ context: { a: "?" } })).replace('"?"', number)
    const ids = ["1", "1.0", "true"].map((number) => points(facts(text(number))[0]).contextId)
    expect(ids.slice(1)).toEqual([3_264_890_027, 1_571_423_812])
    expect(new Set(ids).size).toBe(3)
    expect(points(facts(JSON.stringify(metric()).replace("0.5", "-0.0"))[0]).values).toEqual([-0])
  })

  it("of a context in two orders of keys are one sequence", () => {
    const found = facts([metric({ context: { a: "1", b: "2" }, step: 0 }), metric({ context: { b: "2", a: "1" }, step: 1 })])
    expect(found.map((fact) => points(fact).steps)).toEqual([[0, 1]])
  })
})

describe("log_hparams", () => {
  const set = (...values: object[]) =>
    facts(values.map((value) => ({ type: "log_hparams", value }))).map((fact) => {
      if (fact.type !== "AttributesSet") throw new Error("attributes expected")
      return fact.data.paths.map((path, at) => [path.join("/"), decodeValue(fact.data.values[at]!)])
    })

  it("goes down from each top-level key while a map has one key", () => {
    expect(set({ hparams: { lr: 0.1 } })).toEqual([[["hparams/lr", 0.1]]])
    expect(set({ hparams: { lr: 1, bs: 2 } })).toEqual([
      [
        [
          "hparams",
          new Map([
            ["lr", 1],
            ["bs", 2],
          ]),
        ],
      ],
    ])
    expect(set({ a: 1, b: { c: { d: [1] } } })).toEqual([
      [
        ["a", 1],
        ["b/c/d", [1]],
      ],
    ])
    expect(set({ hparams: {} })).toEqual([[["hparams", new Map()]]])
    expect(set({})).toEqual([])
  })

  it("of several messages in a row become one event, in order", () =>
    expect(set({ a: 1 }, { a: 2 })).toEqual([
      [
        ["a", 1],
        ["a", 2],
      ],
    ]))

  it("keeps the types of numbers", () => {
    const text = '{"type":"log_hparams","value":{"h":[1,1.0,1e3,9007199254740993,NaN,-Infinity]}}'
    const [fact] = facts(text)
    if (fact?.type !== "AttributesSet") throw new Error("attributes expected")
    expect(decodeValue(fact.data.values[0]!)).toEqual([
      1,
      new Float(1),
      new Float(1000),
      9007199254740993n,
      Number.NaN,
      -Infinity,
    ])
  })
})

describe("refusals name what and how much", () => {
  it.each<[string, object, Partial<IngestLimits>, RegExp]>([
    ["name", metric({ name: "é".repeat(300) }), {}, /log_metric\.name\n {2}name has 600 bytes, at most 512/],
    ["empty name", metric({ name: "" }), {}, /name is empty/],
    ["lone surrogate", metric({ name: "\ud800" }), {}, /lone surrogate/],
    ["reserved name", metric({ name: "logs" }), {}, /logs without a context is reserved/],
    ["reserved name", metric({ name: "__log_records", context: {} }), {}, /__log_records without a context is reserved/],
    ["step", metric({ step: 2 ** 53 }), {}, /step\n.*beyond ±\(2\^53-1\)/],
    [
      "fraction",
      metric({ step: 1.5 }),
      {},
      /log_metric\.step\n.*fraction.*type=int_from_float, input_value=1\.5, input_type=float/,
    ],
    ["context depth", metric({ context: { a: { b: { c: 1 } } } }), { depth: 2 }, /a\.b: nested deeper than 2 levels/],
    ["context size", metric({ context: { a: "x".repeat(5000) } }), {}, /50\d\d bytes, at most 4096/],
    ["empty key", { type: "log_hparams", value: { a: { "": 1 } } }, {}, /log_hparams\.value\n {2}a\.: key is empty/],
    ["reserved key", { type: "log_hparams", value: { a: [{ __leaf__: 1 }] } }, {}, /a\.0\.__leaf__: key is reserved/],
    ["path", { type: "log_hparams", value: { ["k".repeat(1100)]: 1 } }, {}, /path has 1102 bytes, at most 1024/],
    ["attributes", { type: "log_hparams", value: { a: [1, 2, 3] } }, { attributes: 2 }, /more than 2 attributes/],
    ["attribute bytes", { type: "log_hparams", value: { a: "x".repeat(99) } }, { valueBytes: 50 }, /104 bytes, at most 50/],
    ["object bytes", { type: "log_custom_object", name: "o", value: { a: "x".repeat(99) } }, { valueBytes: 50 }, /at most 50/],
    ["description", { type: "set_run_property", description: "x".repeat(70_000) }, {}, /70000 bytes, at most 65536/],
    ["tag", { type: "add_tag", tag_name: "" }, {}, /tag_name is empty/],
    ["NUL takes two bytes", { type: "add_tag", tag_name: "\0".repeat(300) }, {}, /600 bytes, at most 512/],
    ["date", { type: "create_run", client_datetime: "soon" }, {}, /create_run\.client_datetime\n.*ISO 8601/],
  ])("%s", (_, message, limits, text) => expect(errorOf(message, limits)).toMatch(text))

  it("contexts and sequences of a run", () => {
    const contexts = [1, 2, 3].map((fold) => metric({ context: { fold } }))
    expect(errorOf(contexts, { contextsPerRun: 2 })).toMatch(/^item 2: log_metric\.context: the run has 2 contexts/)
    const names = ["a", "b", "c"].map((name) => metric({ name }))
    expect(errorOf(names, { sequencesPerRun: 2 })).toMatch(/^item 2: log_metric\.name: the run has 2 sequences/)
  })

  it("items of a frame", () => expect(errorOf([metric(), metric()], { frameItems: 1 })).toMatch(/2 messages, at most 1/))

  it("every bad item by its index, and the good ones are stored", () => {
    const { stated: good, error } = translate(
      JSON.stringify([metric(), { type: "nope" }, { type: "add_tag" }, metric({ step: 1 })]),
    )
    expect(good.map(({ fact }) => points(fact).steps)).toEqual([[0, 1]])
    expect(error?.split("\n").map((line) => line.slice(0, 25))).toEqual([
      "item 1: Input tag 'nope' ",
      "item 2: add_tag.tag_name:",
    ])
  })

  it("in a text that stays small, however many items are bad", () => {
    const error = errorOf(Array.from({ length: 9_999 }, () => ({ type: "add_tag", tag_name: 1, x: "y".repeat(500) })))
    expect(error!.length).toBeLessThan(5_000)
    expect(error).toMatch(/and 9979 more items$/)
  })
})

describe("hostile frames", () => {
  it("refuses a frame of too many values before any is made", () => {
    const many = `[${"[],".repeat(20)}[]]`
    expect(errorOf(many, { frameValues: 20 })).toBe("the frame has more than 20 values")
  })

  it("lose only what is too deep or too long", () => {
    const deep = `{"type":"log_hparams","value":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`
    const long = `{"type":"log_hparams","value":{"b":${"9".repeat(200_000)}}}`
    const unread = `{"type":"add_tag","tag_name":"b","unread":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`
    const { stated: good, error } = translate(`[{"type":"add_tag","tag_name":"a"},${deep},${long},${unread}]`)
    expect(good.map(({ fact }) => fact.type)).toEqual(["RunTagged", "RunTagged"])
    expect(error).toMatch(
      /^item 1: log_hparams\.value: a(\.0){31}: nested deeper than 32 levels .*\nitem 2: .*b: integer of \d+ digits/,
    )
  })

  it("are answered, not crashed by", () => {
    expect(errorOf(`{"type":"log_metric","context":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`)).toMatch(/Field required/)
    expect(errorOf('{"__proto__":{"type":"add_tag","tag_name":"x"}}')).toMatch(/Unable to extract tag/)
    expect(errorOf('{"type":"constructor"}')).toMatch(/Input tag 'constructor'/)
    expect(errorOf('{"type":["add_tag"]}')).toMatch(/Input tag/)
    expect(errorOf({ ...metric(), context: "x" })).toMatch(/Expected an object/)
  })

  it("with __proto__ as a key keep it as a key", () => {
    const [fact] = facts('{"type":"log_hparams","value":{"__proto__":{"a":1}}}')
    expect(fact).toMatchObject({ type: "AttributesSet", data: { paths: [["__proto__", "a"]] } })
  })

  it.each(["1", '"a"', "null", "[1]", '[{"type":"add_tag","tag_name":"a"},[]]', "NaN", "[NaN]"])("%s is not answered", (text) =>
    expect(translateFrame(text, intakeOf(), now, bind)).toBe("not-messages"),
  )
})
