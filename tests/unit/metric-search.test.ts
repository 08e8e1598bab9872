import Fastify from "fastify"
import { expect, it, onTestFinished } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import type { AnyFact } from "../../events/index.ts"
import { metricSearch } from "../../gateways/query/metric-search.ts"
import { bed, recorded, stamped } from "../support/folding.ts"
import { goldenSecret } from "../support/golden-store.ts"
import { type Decoded, decodeTree } from "../support/stream-decoder.ts"

const logged = (name: string, steps: readonly number[], values: readonly number[]): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId: "r",
    name,
    contextId: 0,
    context: encodeValue(new Map()),
    dtype: "float",
    values,
    steps,
    epochs: steps.map((step) => step % 7),
    firstTime: 0,
    timeOffsets: steps,
  },
})

/** What a search with `p` and an axis sends of the first metric: its columns as numbers. */
const searched = async (facts: readonly AnyFact[], query: Readonly<Record<string, string>>) => {
  const made = await bed()
  const server = Fastify()
  onTestFinished(async () => {
    await server.close()
    await made.close()
  })
  const events = facts.map((fact) => stamped(fact, 1))
  await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
  server.get("/metric", metricSearch({ read: made.read, clock: () => 9, blobSecret: goldenSecret }))
  const { rawPayload } = await server.inject({ url: "/metric", query: { report_progress: "false", ...query } })
  return (column: string) => {
    const keys = ["r", "traces", 0, column, "blob"]
    const blob = keys.reduce<Decoded | undefined>(
      (node, key) => (node instanceof Map ? node.get(key) : Array.isArray(node) ? node[Number(key)] : undefined) as Decoded,
      decodeTree(rawPayload),
    )
    return [...new Float64Array(new Uint8Array(blob as Uint8Array).buffer)]
  }
}

const steps = Array.from({ length: 3_000 }, (_, i) => 2 * i)

it("a search shows the spike that even steps would hide, with its own epoch and time", async () => {
  const values = steps.map((step) => (step === 2_466 ? 99 : Math.sin(step / 900)))
  const column = await searched([logged("loss", steps, values)], { p: "50" })
  const iters = column("iters")
  expect(iters.length).toBeLessThanOrEqual(50)
  expect([iters[0], iters.at(-1)]).toEqual([0, 5_998])
  expect(column("values")[iters.indexOf(2_466)]).toBe(99)
  expect(column("epochs")).toEqual(iters.map((step) => step % 7))
  expect(column("timestamps")).toEqual(iters.map((step) => step / 1e6))
})

it("a metric's axis is sent at the metric's own steps, since clients pair them point by point", async () => {
  const loss = logged(
    "loss",
    steps,
    steps.map((step) => Math.sin(step)),
  )
  const lr = logged(
    "lr",
    [...steps, 7_000],
    [...steps, 7_000].map((step) => Math.cos(step)),
  )
  const column = await searched([loss, lr], { p: "200", x_axis: "lr", q: "metric.name == 'loss'" })
  expect(column("x_axis_iters")).toEqual(column("iters"))
  expect(column("x_axis_values")).toEqual(column("iters").map((step) => Math.cos(step)))
})
