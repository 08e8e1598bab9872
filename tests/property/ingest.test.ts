import { randomUUID } from "node:crypto"
import fc from "fast-check"
import { expect, it } from "vitest"
import { catalog } from "../../events/index.ts"
import { messageTypes } from "../../domain/ingest/messages.ts"
import { stamp } from "../../gateways/ingest/stamp.ts"
import { compileVersions } from "../../infra/avro/versions.ts"
import { RunIntake } from "../../domain/ingest/intake.ts"
import { translateFrame } from "../../domain/ingest/translate.ts"
import { defaultIngestLimits } from "../../domain/limits.ts"

const aPoint = fc.record({
  type: fc.constant("log_metric"),
  name: fc.constantFrom("loss", "acc"),
  value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant("1.5")),
  step: fc.option(fc.integer()),
  epoch: fc.option(fc.nat(3)),
  context: fc.constantFrom(null, {}, { subset: "train" }, { gpu: 0 }, { gpu: 1 }),
  dtype: fc.constantFrom(null, "float", "int"),
  client_datetime: fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:01.25+00:00", "2999-01-01T00:00:00Z", 1_767_225_600),
})
const anObject = fc.record({
  type: fc.constant("log_custom_object"),
  name: fc.constantFrom("loss", "img"),
  value: fc.constant({ type: "image" }),
  dtype: fc.constant("image"),
})
const other = fc.constantFrom({ type: "add_tag", tag_name: "a" }, { type: "finish_run" }, { type: "nope" })
const aMessage = fc.oneof({ weight: 8, arbitrary: aPoint }, { weight: 1, arbitrary: anObject }, { weight: 1, arbitrary: other })

/** What each sequence gets, one entry for a point or object, and all that is said of the run. */
const history = (frames: readonly (readonly object[])[]): Record<string, unknown[]> => {
  const intake = new RunIntake("r", defaultIngestLimits)
  const told: Record<string, unknown[]> = { run: [] }
  const tell = (key: string, entry: unknown): unknown => (told[key] ??= []).push(entry)
  for (const frame of frames) {
    const reading = translateFrame(JSON.stringify(frame), intake, 1_800_000_000, (kind, name) => `${kind}:${name}`)
    if (reading === "not-messages") throw new Error("messages expected")
    for (const { fact } of reading.stated)
      if (fact.type === "PointsLogged") {
        const { name, contextId, dtype, values, steps, epochs, firstTime, timeOffsets } = fact.data
        for (const [at, value] of values.entries())
          tell(`${contextId}/${name}`, [dtype, value, steps[at], epochs[at], firstTime + timeOffsets[at]!])
      } else if (fact.type === "ObjectLogged") tell(`${fact.data.contextId}/${fact.data.name}`, fact.data)
      else tell("run", fact)
  }
  return told
}

it("Law 3: the same messages state the same of each sequence, however they are cut into frames", () =>
  fc.assert(
    fc.property(fc.array(aMessage, { maxLength: 40 }), fc.array(fc.nat(40)), (messages, cuts) => {
      const edges = [0, ...cuts.filter((cut) => cut < messages.length).sort((a, b) => a - b), messages.length]
      const frames = edges.slice(1).map((end, at) => messages.slice(edges[at], end))
      expect(history(frames)).toEqual(history(messages.map((message) => [message])))
      expect(history([messages])).toEqual(history(frames))
    }),
    { numRuns: 300 },
  ))

/** Anything that JSON of a client may hold, in places where something else is meant. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    "NaN",
    "1.5",
    "3",
    "true",
    "2026-01-01",
    "\ud800",
    "",
    "logs",
    "image",
    -0,
    1e300,
    2 ** 53,
    -(2 ** 53) + 1,
    [],
    {},
  ),
)
const fieldNames = (
  "type name value step epoch context dtype client_datetime force_resume description experiment archived tag_name line " +
  "message level timestamp logger_info extra_args s3_key blob_key artifact_path content_type __proto__"
).split(" ")
const complete = {
  name: "n",
  value: 1,
  step: 1,
  epoch: null,
  context: null,
  dtype: null,
  client_datetime: "2026-01-01",
  tag_name: "t",
  line: "l",
  message: "m",
  level: 20,
  timestamp: 1.5,
  s3_key: "k",
  artifact_path: "p",
}
const wild = fc
  .tuple(fc.constantFrom(...messageTypes.keys()), fc.dictionary(fc.constantFrom(...fieldNames), anything, { maxKeys: 3 }))
  .map(([type, fields]): object => Object.assign({ type }, complete, fields))

it("Law 10: whatever a client sends is stated as events that the log can hold, or refused, and leaves the rest as it is", () => {
  const versions = new Map(
    Object.values(catalog).map((definition) => [definition.type as string, compileVersions(definition).at(-1)!]),
  )
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 4 }), (messages) => {
      const intake = new RunIntake("r", defaultIngestLimits)
      const good = { type: "add_tag", tag_name: "good" }
      const text = JSON.stringify([...messages, good])
      const reading = translateFrame(text, intake, 1_800_000_000, (kind, name) => `${kind}:${name}`)
      if (reading === "not-messages") throw new Error("messages expected")
      expect(reading.stated.at(-1)?.fact).toEqual({ type: "RunTagged", data: { runId: "r", tagId: "tag:good", name: "good" } })
      for (const event of stamp(reading.stated, { writer: "w", seq: 0, serverTime: 1_800_000_000, newId: randomUUID })) {
        const version = versions.get(event.type)!
        const bytes = version.encode({ ...event.data, meta: event.meta })
        expect(bytes.length).toBeGreaterThan(0)
        expect(event.meta.at).toBeLessThanOrEqual(1_800_000_000)
      }
    }),
    { numRuns: 1_000 },
  )
})
