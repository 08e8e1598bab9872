/** What becomes of a single call: values, steps, names and messages, up to the frame. */
import { describe, expect, it } from "vitest"
import { decodeFrame } from "../../domain/frame-decode.ts"
import type { PointsSection, Section } from "../../domain/frame.ts"
import { blobWriterOf, newRunId, newWriter } from "../../sdk/ids.ts"
import { Journal } from "../../sdk/journal.ts"
import { toJson } from "../../sdk/json.ts"
import { outboxOf } from "../../sdk/outbox.ts"
import { memorySpool } from "../../sdk/spool/memory.ts"
import type { LoggedValues } from "../../sdk/values.ts"
import { timers } from "../support/sdk-timers.ts"

const writer = "0123456789abcdef0123456789abcde0"

interface Opened {
  readonly journal: Journal
  readonly problems: string[]
  /** The sections of each frame so far. */
  readonly frames: () => Promise<readonly (readonly Section[])[]>
}

const opened = (mostBytes = 2 ** 26, keepBytes = mostBytes): Opened => {
  const problems: string[] = []
  const problem = (text: string): void => void problems.push(text)
  const spool = memorySpool(writer, "run", "http://localhost", mostBytes)
  const outbox = outboxOf(spool, { keepBytes, onReady: () => {}, problem })
  return {
    journal: new Journal(timers(), outbox, () => {}, problem),
    problems,
    frames: async () => {
      const frames = await spool.read(0, Number.MAX_SAFE_INTEGER)
      return frames.map(({ bytes }) => {
        const frame = decodeFrame(bytes)
        if (typeof frame === "string") throw new Error(frame)
        return frame.sections
      })
    },
  }
}

const pointsOf = (sections: readonly Section[]): readonly PointsSection[] =>
  sections.filter((section) => section.kind === "points")

describe("a journal", () => {
  it("takes numbers, booleans, exact bigints, and objects of them under joined names", async () => {
    const { journal, problems, frames } = opened()
    const values = {
      a: -0,
      b: true,
      c: 7n,
      d: NaN,
      e: Infinity,
      train: { loss: 0.5, deep: { er: false } },
      no: null,
      not: undefined,
    }
    journal.log(values, { step: 3n, epoch: 1 })
    journal.seal()
    const sections = pointsOf((await frames())[0]!)
    expect(sections.map(({ name, values, steps, epochs }) => [name, values[0], steps?.[0], epochs?.[0]])).toEqual([
      ["a", -0, 3, 1],
      ["b", 1, 3, 1],
      ["c", 7, 3, 1],
      ["d", NaN, 3, 1],
      ["e", Infinity, 3, 1],
      ["train/loss", 0.5, 3, 1],
      ["train/deep/er", 0, 3, 1],
    ])
    expect(problems).toEqual([])
  })

  it.each([
    ["text", { loss: "0.5" }, "loss is no number: a string"],
    ["a list", { loss: [1, 2] }, "loss is no number: a list"],
    ["a typed array", { loss: new Float32Array(2) }, "loss is no number: a list"],
    ["a function", { f: { g: () => 1 } }, "f/g is no number: a function"],
    ["too large an integer", { big: 2n ** 60n }, "big is no number: an integer that no number holds exactly"],
    ["an empty name", { "": 1 }, "a value has an empty name"],
    ["a long name", { ["é".repeat(300)]: 1 }, "a name has 600 bytes"],
  ])("drops %s and says so, and keeps what stands beside", async (_what, wrong, problem) => {
    const { journal, problems, frames } = opened()
    // What a program without types may do.
    journal.log({ ...wrong, right: 1 } as unknown as LoggedValues, undefined)
    journal.seal()
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect(journal.dropped).toBe(1)
    expect(pointsOf((await frames())[0]!).map(({ name }) => name)).toEqual(["right"])
  })

  it("drops a point at a step that is no exact integer, and keeps one without its epoch", async () => {
    const { journal, problems, frames } = opened()
    for (const step of [0.5, NaN, 2 ** 53, "7x"]) journal.log({ loss: 1 }, { step: step as number })
    expect(problems.every((text) => text.startsWith("a step must be an exact integer"))).toBe(true)
    expect(journal.dropped).toBe(4)
    journal.log({ loss: 2 }, { epoch: 0.5, step: 1 })
    journal.seal()
    const [section] = pointsOf((await frames())[0]!)
    expect([...section!.values]).toEqual([2])
    expect(section!.epochs).toBeNull()
  })

  it("knows a context by what it holds when it is logged, not by being the same object", async () => {
    const { journal, frames } = opened()
    const context: Record<string, unknown> = { subset: "train", fold: { n: 1 } }
    journal.log({ loss: 1 }, { context })
    context["subset"] = "val"
    journal.log({ loss: 2 }, { context })
    context["fold"] = { n: 2 }
    journal.log({ loss: 3 }, { context })
    journal.log({ loss: 4 }, { context: { subset: "train", fold: { n: 1 } } })
    journal.log({ loss: 5 }, { context: {} })
    journal.seal()
    const found = pointsOf((await frames())[0]!).map(({ context, values }) => [context, [...values]])
    expect(found).toEqual([
      ['{"subset":"train","fold":{"n":1}}', [1, 4]],
      ['{"subset":"val","fold":{"n":1}}', [2]],
      ['{"subset":"val","fold":{"n":2}}', [3]],
      ["", [5]],
    ])
  })

  it("cuts a flood of points into frames, each series in order", async () => {
    const { journal, frames } = opened()
    const logged = 30_000
    for (let i = 0; i < logged; i++) journal.log({ [`m${i % 7}`]: i }, { step: i })
    journal.seal()
    const sections = (await frames()).map(pointsOf)
    expect(sections.length).toBeGreaterThan(5)
    for (let series = 0; series < 7; series++) {
      const values = sections.flat().flatMap(({ name, values }) => (name === `m${series}` ? [...values] : []))
      expect(values).toEqual(Array.from({ length: Math.ceil((logged - series) / 7) }, (_, i) => i * 7 + series))
    }
  })

  it("puts a message that changes the run after the points before it, and keeps messages in order", async () => {
    const { journal, frames } = opened()
    journal.log({ loss: 1 }, undefined)
    journal.message("log_record", '{"type":"log_record"}')
    journal.message("add_tag", '{"type":"add_tag"}')
    journal.message("log_hparams", '{"type":"log_hparams"}')
    journal.seal()
    const kinds = (await frames()).map((sections) =>
      sections.map((section) => (section.kind === "points" ? section.name : section.json)),
    )
    expect(kinds).toEqual([['[{"type":"log_record"}]', "loss"], ['[{"type":"add_tag"},{"type":"log_hparams"}]']])
  })

  it("sends a large message alone, and refuses one that the server would not keep", async () => {
    const { journal, problems, frames } = opened()
    const large = JSON.stringify("x".repeat(100_000))
    journal.message("log_record", '"small"')
    journal.message("log_custom_object", large)
    journal.message("log_custom_object", JSON.stringify("x".repeat(5 * 2 ** 20)))
    journal.seal()
    expect((await frames()).map(([section]) => section)).toEqual([
      { kind: "messages", json: '["small"]' },
      { kind: "messages", json: `[${large}]` },
    ])
    expect(problems).toEqual([expect.stringContaining("a log_custom_object has 5242882 bytes")])
  })

  it("drops the newest, counted and said once, where neither spool nor memory has room", async () => {
    const { journal, problems, frames } = opened(10_000, 10_000)
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 50; j++) journal.log({ loss: i * 50 + j }, { step: i * 50 + j })
      journal.seal()
    }
    const kept = (await frames()).flatMap(pointsOf).flatMap(({ values }) => [...values])
    expect(kept).toEqual(kept.map((_, i) => i))
    expect(journal.logged).toBe(5_000)
    expect(journal.dropped).toBeGreaterThan(2_000)
    expect(kept.length).toBeGreaterThan(500)
    expect(new Set(problems).size).toBe(2)
  })
})

describe("JSON for the server", () => {
  it("has words for what JSON has none", () => {
    const value = {
      nan: NaN,
      inf: [Infinity, -Infinity],
      big: 2n ** 70n,
      map: new Map([["a", new Set([1])]]),
      f: new Float32Array([0.5]),
    }
    expect(toJson(value)).toBe('{"nan":NaN,"inf":[Infinity,-Infinity],"big":1180591620717411303424,"map":{"a":[1]},"f":[0.5]}')
    expect(toJson({ a: "NaN", b: undefined, d: new Date(0), s: '\\udbffNaN "\\udbff1"' })).toBe(
      '{"a":"NaN","d":"1970-01-01T00:00:00.000Z","s":"\\\\udbffNaN \\"\\\\udbff1\\""}',
    )
  })
})

describe("ids", () => {
  it("tell a writer's blobs from its frames, and no two alike", () => {
    for (let i = 0; i < 100; i++) {
      const writer = newWriter()
      expect(writer).toMatch(/^[0-9a-f]{31}[02468ace]$/)
      expect(blobWriterOf(writer)).toMatch(/^[0-9a-f]{31}[13579bdf]$/)
      expect(blobWriterOf(writer).slice(0, -1)).toBe(writer.slice(0, -1))
    }
    expect(new Set(Array.from({ length: 1_000 }, newRunId)).size).toBe(1_000)
  })
})
