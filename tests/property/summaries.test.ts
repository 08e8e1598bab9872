/** The rows that searches read say what the documented rows say, whatever was folded. */
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Value } from "../../domain/value.ts"
import type { Rows } from "../../projections/rows.ts"
import { systemParams } from "../../projections/run-summaries.ts"
import { placeOf, summaries } from "../../projections/run-summary.ts"
import { attributesOf, experimentOf, runById, tagsOfRun, tracesOf } from "../../projections/run-view.ts"
import { RunLoader } from "../../projections/search-facts.ts"
import { everyRun, runsOf } from "../../projections/search-sets.ts"
import { traceSummaryBytes } from "../../projections/trace-summary.ts"
import { bed, recorded, stamped } from "../support/folding.ts"
import { aHistory, type History } from "../support/histories.ts"
import { encodeValue, decodeValue } from "../../domain/msgpack.ts"

const everything = { attributes: true, system: true, metrics: true, tags: true }
const runs = Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 20)

describe("Law 11: summaries", () => {
  it("of runs and sequences say what the documented rows say, and there are none of deleted runs", () =>
    fc.assert(
      fc.asyncProperty(aHistory(), async (history) => {
        const store = await bed()
        try {
          await fold(store, history)
          await store.read(async (rows) => {
            const walked: string[] = []
            for await (const chunk of summaries(rows, { newestFirst: true, after: null }))
              walked.push(...chunk.map(({ id }) => id))
            expect(new Set(walked)).toEqual(await runsOf(everyRun(rows)))
            for (const id of ["run-a", "run-b", "run-c"]) await compareRun(rows, id, walked.includes(id))
          })
        } finally {
          await store.close()
        }
      }),
      { numRuns: runs },
    ))

  it("leave out what is long, which is then read where it stands", async () => {
    const store = await bed()
    onTestFinished(store.close)
    const set = (runId: string, name: string, value: Value) =>
      stamped({ type: "AttributesSet", data: { runId, paths: [[name]], values: [encodeValue(value)] } }, 1)
    const events = [
      set("text", "t", "x".repeat(200_000)),
      set("many", "m", new Map(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]))),
      set("named", "n", 1),
      stamped({ type: "RunDescribed", data: { runId: "named", description: "d".repeat(100_000) } }, 2),
      set("system", systemParams, new Map([["a", 1]])),
      set("system", "zz", 1),
      set("system", "AA", 2),
    ]
    await store.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
    await store.read(async (rows) => {
      for (const id of ["text", "many", "named", "system"]) await compareRun(rows, id, true)
      const bare = await new RunLoader(rows).load("system", { ...everything, system: false })
      expect([...(bare?.attributes ?? [])]).toEqual([
        ["AA", 2],
        ["zz", 1],
      ])
    })
  })
})

const fold = async (store: Awaited<ReturnType<typeof bed>>, history: History): Promise<void> => {
  for (const batch of history) if (batch.records.length > 0) await store.fold(batch, batch.records)
  await store.settle()
}

const compareRun = async (rows: Rows, id: string, isThere: boolean): Promise<void> => {
  const loaded = await new RunLoader(rows).load(id, everything)
  const fields = await runById(rows, id)
  expect(loaded === undefined).toBe(!isThere)
  expect(fields === undefined).toBe(!isThere)
  expect(await traceRows(rows, id)).toEqual(await wantedTraceRows(rows, id))
  if (loaded === undefined || fields === undefined) return
  const { name, description, createdAt, finalizedAt, duration, archived, active, experimentId } = fields
  const told = loaded.fields
  for (const [field, value] of Object.entries({
    id,
    name,
    description,
    createdAt,
    finalizedAt,
    duration,
    archived,
    active,
    experimentId,
  }))
    expect(told[field as keyof typeof told]).toEqual(value)
  expect([...(loaded.attributes ?? [])]).toEqual([...(await attributesOf(rows, id))])
  expect(loaded.tags).toEqual(await tagsOfRun(rows, id))
  expect(loaded.experiment).toEqual(await experimentOf(rows, fields))
  expect(loaded.traces).toEqual(await tracesOf(rows, id))
  expect(await placeOf(rows, id)).toEqual({ createdAt, archived, active })
}

const traceRows = async (rows: Rows, id: string) =>
  (await rows.under("own", ["trace", id])).map(({ rest, bytes }) => [...rest, Buffer.from(bytes).toString("hex")])

const wantedTraceRows = async (rows: Rows, id: string) => {
  const fields = new Map<string, Map<string, Value>>()
  for (const { rest, bytes } of await rows.under("runs", [id, "traces"])) {
    const key = JSON.stringify(rest.slice(0, 2))
    fields.set(key, (fields.get(key) ?? new Map<string, Value>()).set(String(rest[2]), decodeValue(bytes)))
  }
  const wanted = []
  for (const [key, known] of fields) {
    const [contextId, name] = JSON.parse(key) as [number, string]
    const context = (await rows.bytes("runs", [id, "contexts", contextId]))!
    wanted.push([contextId, name, Buffer.from(traceSummaryBytes(known, context)).toString("hex")])
  }
  return wanted
}
