import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeFrame } from "../../domain/frame-decode.ts"
import { encodeFrame, type Frame, type PointsSection, type Section } from "../../domain/frame.ts"
import type { Stated } from "../../domain/ingest/frame-facts.ts"
import { RunIntake } from "../../domain/ingest/intake.ts"
import { translateFrame } from "../../domain/ingest/translate.ts"
import { translateSections } from "../../domain/ingest/translate-sections.ts"
import { defaultIngestLimits, type IngestLimits } from "../../domain/limits.ts"
import { stamp } from "../../gateways/ingest/stamp.ts"

const writer = fc.stringMatching(/^[0-9a-f]{32}$/)
const safe = fc.maxSafeInteger()
const edges = fc.constantFrom(0, 1, -1, 127, 128, 2 ** 31, 2 ** 32 + 1, 2 ** 52, -(2 ** 52), 2 ** 53 - 1, -(2 ** 53 - 1))

/** Of every kind that is encoded in a way of its own, as an array or as part of a larger buffer. */
const columnOf = (length: number): fc.Arbitrary<readonly number[] | Float64Array> => {
  const any = fc.array(fc.oneof(fc.integer(), safe, edges), { minLength: length, maxLength: length })
  const regular = fc
    .tuple(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), fc.integer())
    .map(([first, stride]) => Array.from({ length }, (_, i) => first + i * stride))
  const deltas = fc
    .array(fc.nat(1_000), { minLength: length, maxLength: length })
    .map((steps) => steps.map((_, i) => 1_767_225_600_000_000 + steps.slice(0, i).reduce((sum, step) => sum + step, 0)))
  return fc
    .tuple(fc.oneof(any, regular, deltas), fc.boolean())
    .map(([numbers, isTyped]) => (isTyped ? new Float64Array([7, ...numbers, 7]).subarray(1, length + 1) : numbers))
}

const text = fc.string({ unit: "grapheme", maxLength: 10 })
const points: fc.Arbitrary<PointsSection> = fc.nat(20).chain((length) =>
  fc.record({
    kind: fc.constant("points" as const),
    name: text,
    context: fc.oneof(fc.constant(""), text),
    dtype: fc.constantFrom("", "float", "int"),
    steps: fc.option(columnOf(length)),
    epochs: fc.option(columnOf(length)),
    times: columnOf(length),
    values: fc.array(fc.double(), { minLength: length, maxLength: length }).map((values) => new Float64Array(values)),
  }),
)
const messages: fc.Arbitrary<Section> = fc.record({ kind: fc.constant("messages" as const), json: text })
const frame: fc.Arbitrary<Frame> = fc.record({
  writer,
  seq: fc.oneof(fc.nat(), fc.maxSafeNat()),
  sections: fc.array(fc.oneof(points, messages), { maxLength: 4 }),
})

/** With columns as they are read: minus nought is nought, as an integer. */
const asRead = ({ sections, ...frame }: Frame): Frame => ({
  ...frame,
  sections: sections.map((section) => {
    if (section.kind === "messages") return section
    const column = (numbers: PointsSection["steps"]) => (numbers === null ? null : Float64Array.from(numbers, (it) => it + 0))
    const times = Float64Array.from(section.times, (it) => it + 0)
    return { ...section, steps: column(section.steps), epochs: column(section.epochs), times }
  }),
})

describe("a frame of matyan.v1", () => {
  it("is read as it was written", () =>
    fc.assert(
      fc.property(frame, (frame) => {
        expect(decodeFrame(encodeFrame(frame))).toEqual(asRead(frame))
      }),
      { numRuns: 500 },
    ))

  it("takes a few bytes for regular steps and times", () => {
    const times = Array.from({ length: 1_000 }, (_, i) => 1_767_225_600_000_000 + i * 10_000)
    const steps = times.map((_, i) => i)
    const section = { kind: "points", name: "loss", context: "", dtype: "", steps, epochs: null, times } as const
    const bytes = encodeFrame({ writer: "0".repeat(32), seq: 0, sections: [{ ...section, values: new Float64Array(1_000) }] })
    expect(bytes.length).toBeLessThan(8_000 + 60)
  })

  it("that is damaged is read as something else, or not, with a reason; it never throws", () => {
    const damage = fc.tuple(frame, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), fc.option(fc.nat()))
    return fc.assert(
      fc.property(fc.oneof(damage, fc.uint8Array({ maxLength: 60 })), (from) => {
        const bytes = from instanceof Uint8Array ? from : damaged(...from)
        const read = decodeFrame(bytes)
        if (typeof read === "string") {
          expect(read).toMatch(/^[ -~]{10,120}$/)
          return
        }
        const counts = read.sections.map((section) => (section.kind === "points" ? section.values.length : 0))
        expect(8 * counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ["claims more points than it has bytes", [2, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 15], /points do not fit/],
    ["has more sections than are kept", Array.from({ length: 2 * 65_537 }, (_, i) => 1 - (i % 2)), /more than 65536 sections/],
    ["has a text that is none", [1, 2, 0xc3, 0x28], /not UTF-8/],
    ["has a text longer than itself", [1, 200, 1], /200 bytes does not fit/],
    ["has points without times", [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], /no times/],
    ["counts beyond what numbers hold", [1, 255, 255, 255, 255, 255, 255, 255, 255, 1], /number is too large/],
    ["has an unknown section", [9], /no section of kind 9/],
  ])("that %s is not read", (_, sections, reason) => {
    expect(decodeFrame(new Uint8Array([1, ...new Uint8Array(16), 0, ...sections]))).toMatch(reason)
  })
})

const damaged = (frame: Frame, changes: readonly (readonly [number, number])[], cut: number | null): Uint8Array => {
  const bytes = encodeFrame(frame)
  for (const [at, byte] of changes) bytes[at % bytes.length] = byte
  return cut === null ? bytes : bytes.subarray(0, cut % bytes.length)
}

const now = 1_800_000_000
const bind = (kind: string, name: string): string => `${kind}:${name}`
const zeros = "0".repeat(32)
const intakeOf = (limits: Partial<IngestLimits> = {}): RunIntake => new RunIntake("r", { ...defaultIngestLimits, ...limits })
const stateSections = (sections: readonly Section[], intake = intakeOf()) =>
  translateSections({ writer: zeros, seq: 0, sections }, intake, now, bind)

const point = fc.record({
  name: fc.constantFrom<string>("loss", "acc"),
  context: fc.constantFrom(null, { subset: "train" }, { gpu: 1 }),
  // JSON has neither minus nought nor infinities.
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  step: fc.nat(),
  epoch: fc.nat(),
  millis: fc.integer({ min: 0, max: 2_000_000_000_000 }),
})
type Point = typeof point extends fc.Arbitrary<infer P> ? P : never

/** Each point of what was stated, sequence by sequence. */
const pointsOf = (stated: readonly Stated[]): Record<string, unknown[]> => {
  const told: Record<string, unknown[]> = {}
  for (const { fact } of stated)
    if (fact.type === "PointsLogged") {
      const { name, contextId, dtype, values, steps, epochs, firstTime, timeOffsets } = fact.data
      const rows = values.map((value, i) => [dtype, value, steps[i], epochs[i], firstTime + timeOffsets[i]!])
      ;(told[`${contextId}/${name}`] ??= []).push(...rows)
    }
  return told
}

const asSection = (points: readonly Point[]): PointsSection => ({
  kind: "points",
  name: points[0]!.name,
  context: points[0]!.context === null ? "" : JSON.stringify(points[0]!.context),
  dtype: "",
  steps: points.map(({ step }) => step),
  epochs: points.map(({ epoch }) => epoch),
  times: points.map(({ millis }) => millis * 1_000),
  values: new Float64Array(points.map(({ value }) => value)),
})

const asMessage = ({ millis, ...point }: Point) => ({
  ...point,
  type: "log_metric",
  dtype: null,
  client_datetime: new Date(millis).toISOString(),
})

describe("sections of a frame", () => {
  it("of points state what messages of the same points state", () =>
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 60 }), (points) => {
        const sections = [...Map.groupBy(points, ({ name, context }) => JSON.stringify([name, context])).values()].map(asSection)
        const { stated, error, counts } = stateSections(sections)
        const reading = translateFrame(JSON.stringify(points.map(asMessage)), intakeOf(), now, bind)
        expect([error, counts]).toEqual([null, new Map([["log_metric", points.length]])])
        expect(reading === "not-messages" ? null : pointsOf(reading.stated)).toEqual(pointsOf(stated))
      }),
      { numRuns: 200 },
    ))

  it("of more points than an event may have state several, in order", () => {
    const count = 31_000
    const times = Array.from({ length: count }, (_, i) => i)
    const values = new Float64Array(times)
    const section = { kind: "points", name: "a", context: "", dtype: "int", steps: null, epochs: null, times, values } as const
    const { stated } = stateSections([section])
    expect(stated.map(({ fact }) => fact.type === "PointsLogged" && fact.data.values.length)).toEqual([15_000, 15_000, 1_000])
    expect(pointsOf(stated)["0/a"]).toEqual(times.map((time) => ["int", time, undefined, undefined, time]))
  })

  it("are refused by themselves, by name, and only the first of many at length", () => {
    const good = asSection([{ name: "good", context: null, value: 1, step: 0, epoch: 0, millis: 0 }])
    const bad: readonly [Section, RegExp][] = [
      [{ ...good, name: "" }, /^points of {2}: name is empty$/],
      [{ ...good, name: "logs" }, /^points of logs : logs without a context is reserved/],
      [{ ...good, context: "[1]" }, /^points of good \[1\]: context: it is not a JSON object$/],
      [{ ...good, context: "{" }, /^points of good \{: context: /],
      [{ ...good, context: `{"":1}` }, /context: : key is empty/],
      [{ ...good, context: `{"a":"${"x".repeat(20_000)}"}` }, /20\d\d\d bytes/],
      [{ ...good, dtype: "x".repeat(129) }, /dtype has more than 128 bytes/],
      [{ kind: "messages", json: "1" }, /^it is not a JSON array of objects$/],
      [{ kind: "messages", json: "[" }, /./],
      [{ kind: "messages", json: '[{"type":"nope"}]' }, /^item 0: Input tag 'nope'/],
    ]
    const { stated, error } = stateSections([...bad.map(([section]) => section), good])
    expect(stated).toHaveLength(1)
    for (const [i, line] of error!.split("\n").entries()) {
      expect(line).toMatch(new RegExp(`^section ${i}: `))
      expect(line.slice(`section ${i}: `.length)).toMatch(bad[i]![1])
    }
    expect(error!.split("\n")).toHaveLength(bad.length)
    const many = stateSections(Array.from({ length: 5_000 }, () => ({ ...good, name: "" }))).error!.split("\n")
    expect(many).toHaveLength(21)
    expect(many.at(-1)).toBe("and 4980 more sections")
  })

  it("bind contexts and sequences of a run to its limits", () => {
    const of = (name: string, context = ""): PointsSection =>
      ({ ...asSection([{ name, context: null, value: 1, step: 0, epoch: 0, millis: 0 }]), context }) // prettier-ignore
    const { error } = stateSections([of("a"), of("b"), of("c", `{"x":1}`)], intakeOf({ sequencesPerRun: 1, contextsPerRun: 0 }))
    expect(error).toMatch(/^section 1: points of b : the run has 1 sequences[^\n]*\nsection 2: [^\n]* the run has 0 contexts/)
  })

  it("cut times to the gateway's clock", () => {
    const late = asSection([{ name: "a", context: null, value: 1, step: 0, epoch: 0, millis: 4e12 }])
    const { stated } = stateSections([
      { ...late, times: [-5, 4e15].slice(1) },
      { ...late, times: [-5] },
    ])
    expect(stated.map(({ at }) => at)).toEqual([now, 0])
  })

  it("let terminal lines come without steps, which stock frames may not", () => {
    const json = JSON.stringify([
      { type: "log_terminal_line", line: "a" },
      { type: "log_terminal_line", line: "b", step: null },
      { type: "log_terminal_line", line: "c", step: 7 },
      { type: "log_terminal_line", line: "d" },
    ])
    const { stated, error } = stateSections([{ kind: "messages", json }])
    expect(error).toBeNull()
    expect(stated.map(({ fact }) => fact.type === "TerminalLinesLogged" && [fact.data.steps, fact.data.lines])).toEqual([
      [[], ["a", "b"]],
      [[7], ["c"]],
      [[], ["d"]],
    ])
    const reading = translateFrame(json, intakeOf(), now, bind)
    expect(reading === "not-messages" ? "" : reading.error).toMatch(/item 0: log_terminal_line.step: Field required/)
  })
})

const aMessage = fc.oneof(
  point.map(asMessage),
  fc.constantFrom(
    { type: "add_tag", tag_name: "a" },
    { type: "nope" },
    { type: "log_terminal_line", line: "x" },
    { type: "set_run_property", name: "n", description: "d" },
    { type: "log_hparams", value: { a: 1 } },
  ),
)
const aSection = fc.oneof(
  fc.array(point, { minLength: 1, maxLength: 3 }).map((points) => asSection(points.map((it) => ({ ...it, ...points[0] })))),
  fc.array(aMessage, { maxLength: 6 }).map((some): Section => ({ kind: "messages", json: JSON.stringify(some) })),
)

it("Law 2: what is stated twice has the same numbers both times, though more of it be refused at one time than at the other", () =>
  fc.assert(
    fc.property(fc.array(aSection, { maxLength: 6 }), fc.nat(3), (sections, sequencesPerRun) => {
      const partsOf = (intake: RunIntake): Map<number, string> => {
        const { stated } = stateSections(sections, intake)
        const events = stamp(stated, { writer: zeros, seq: 3, serverTime: now, newId: () => "" })
        const parts = events.map(({ meta }) => meta.part)
        // The fold takes a part only after a lesser one.
        expect(parts).toEqual([...new Set(parts)].sort((a, b) => a - b))
        expect(parts.every(Number.isSafeInteger)).toBe(true)
        return new Map(events.map(({ type, meta }) => [meta.part, type]))
      }
      const all = partsOf(intakeOf())
      for (const [part, type] of partsOf(intakeOf({ sequencesPerRun }))) expect(all.get(part)).toBe(type)
    }),
    { numRuns: 300 },
  ))
