/** What is logged stands in the frames, once and in order, however it is cut into them. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeFrame } from "../../domain/frame-decode.ts"
import type { Section } from "../../domain/frame.ts"
import { Journal, type PointAt } from "../../sdk/journal.ts"
import { outboxOf } from "../../sdk/outbox.ts"
import type { MetricContext } from "../../sdk/series.ts"
import { memorySpool } from "../../sdk/spool/memory.ts"
import { timers } from "../support/sdk-timers.ts"

const writer = "0123456789abcdef0123456789abcde0"

interface Call {
  readonly values: Readonly<Record<string, number>>
  readonly at: {
    readonly step: number | undefined
    readonly epoch: number | undefined
    readonly context: MetricContext | undefined
    readonly time: number
  }
}

const aStep = fc.option(fc.oneof(fc.nat(5), fc.maxSafeInteger()), { nil: undefined })
const aCall: fc.Arbitrary<Call> = fc.record({
  values: fc.dictionary(fc.constantFrom("a", "b", "train/loss", "é"), fc.double(), { minKeys: 1 }),
  at: fc.record({
    step: aStep,
    epoch: fc.option(fc.nat(3), { nil: undefined }),
    context: fc.constantFrom<MetricContext | undefined>(
      undefined,
      {},
      { subset: "val" },
      { subset: "train" },
      { subset: { fold: 1 } },
    ),
    time: fc.nat(1_000),
  }),
})
const aDeed = fc.oneof({ weight: 9, arbitrary: aCall }, { weight: 1, arbitrary: fc.constant("seal" as const) })

const contextText = (context: unknown): string =>
  context === undefined || Object.keys(context as object).length === 0 ? "" : JSON.stringify(context)

/** The points of one series in order, as text: -0 and NaN are told apart so. */
type BySeries = Record<string, unknown[]>

const said = (calls: readonly Call[]): BySeries => {
  const series: BySeries = {}
  for (const { values, at } of calls)
    for (const [name, value] of Object.entries(values)) {
      const point = [value, at.step ?? null, at.epoch ?? null, Number(at.time) * 1000]
      ;(series[`${contextText(at.context)} ${name}`] ??= []).push(point)
    }
  return series
}

const found = (sections: readonly Section[]): BySeries => {
  const series: BySeries = {}
  for (const section of sections) {
    if (section.kind === "messages") continue
    const { name, context, steps, epochs, times, values } = section
    const points = Array.from(values, (value, i) => [value, steps?.[i] ?? null, epochs?.[i] ?? null, times[i]])
    ;(series[`${context} ${name}`] ??= []).push(...points)
  }
  return series
}

const pointAt = ({ step, epoch, context, time }: Call["at"]): PointAt => ({
  step: step ?? null,
  epoch: epoch ?? null,
  context: context ?? null,
  time,
})

describe("a journal", () => {
  it("puts every point into its series, in order, with its step, epoch and time", () =>
    fc.assert(
      fc.property(fc.array(aDeed, { maxLength: 300, size: "max" }), (deeds) => {
        const spool = memorySpool(writer, "run", "http://localhost", 2 ** 26)
        const problems: string[] = []
        const outbox = outboxOf(spool, { keepBytes: 2 ** 26, onReady: () => {}, problem: (text) => problems.push(text) })
        const journal = new Journal(
          timers(),
          outbox,
          () => {},
          (text) => problems.push(text),
        )
        for (const deed of deeds)
          if (deed === "seal") journal.seal()
          else journal.log(deed.values, pointAt(deed.at))
        journal.seal()
        const sections: Section[] = []
        for (let frame = outbox.take(); frame !== null && frame !== "soon"; frame = outbox.take()) {
          const decoded = decodeFrame(frame.bytes)
          if (typeof decoded === "string") throw new Error(decoded)
          expect(decoded).toMatchObject({ writer, seq: frame.seq })
          sections.push(...decoded.sections)
        }
        expect(problems).toEqual([])
        expect(found(sections)).toEqual(said(deeds.filter((deed) => deed !== "seal")))
        expect(journal.dropped).toBe(0)
      }),
    ))
})
