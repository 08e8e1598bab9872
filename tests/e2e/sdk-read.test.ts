import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connect, type Matyan, MatyanError } from "../../sdk/read.ts"
import { gathered } from "../../sdk/read/gathered.ts"
import { fillForApi, fullRun } from "../support/api-filling.ts"
import { createRun, metric, openSocket, params, terminalLine } from "../support/client-frames.ts"
import { cuttingFetch } from "../support/sdk-bodies.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const many = 25
const idOf = (i: number): string => i.toString(16).padStart(32, "0")

let folder: string
let server: Server
let matyan: Matyan

/** Small runs beside those of the API's tests, whose names and rates count up. */
const logMany = async (): Promise<void> => {
  for (let i = 0; i < many; i++) {
    const socket = await openSocket(server.frontierUrl, idOf(i))
    await socket.send([
      createRun(),
      { type: "set_run_property", name: `small ${String(i).padStart(3, "0")}` },
      params({ i, nested: { rate: i / 10 } }),
      metric("loss", 0, i),
    ])
    socket.close()
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-sdk-read-"))
  server = await startServer(folder)
  matyan = connect(server.backendUrl)
  await fillForApi(server.frontierUrl, 2)
  await logMany()
  await until("all runs", () => matyan.runs.query().count(), (count) => count === many + 3) // prettier-ignore
  await until("the last file", () => matyan.artifacts.list(fullRun), (files) => files.length === 1) // prettier-ignore
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const small = `run.name.startswith("small")`

describe("runs", () => {
  test("come page by page, each once, newest first, and no more than were asked for", async () => {
    const all = await matyan.runs.query(small, { pageSize: 7 }).toArray()
    expect(new Set(all.map(({ id }) => id)).size).toBe(many)
    expect(all.map(({ created }) => created)).toEqual(all.map(({ created }) => created).sort((a, b) => b - a))
    expect(await matyan.runs.query(small, { pageSize: 7, limit: 16 }).toArray()).toEqual(all.slice(0, 16))
    const first = await matyan.runs.query(small, { pageSize: 20 }).page()
    const second = await matyan.runs.query(small, { pageSize: 20 }).page(first.next ?? "none")
    expect([first.rows.length, second.rows.length, second.next]).toEqual([20, 5, null])
    expect(await matyan.runs.query(small).count()).toBe(many)
  })

  test("come each once though the connection breaks, in pages and in any order", async () => {
    const names = (await matyan.runs.query(small, { sort: "name" }).toArray()).map(({ name }) => name)
    expect(names).toEqual(Array.from({ length: many }, (_, i) => `small ${String(i).padStart(3, "0")}`))
    for (const sort of ["-created", "name", ["experiment", "-name"]] as const) {
      const whole = await matyan.runs.query(small, { sort, pageSize: 10 }).toArray()
      const cuts = [500, 1_200, 0, 2_000, 900]
      const broken = connect(server.backendUrl, { fetch: cuttingFetch(cuts), retry: { firstMillis: 1 } })
      expect(await broken.runs.query(small, { sort, pageSize: 10 }).toArray()).toEqual(whole)
      expect(cuts).toEqual([])
    }
  })

  test("have the parts that were selected, as they were logged", async () => {
    const q = `run.hash == "${fullRun}"`
    const [full] = await matyan.runs.query(q, { system: true }).toArray()
    expect(full).toMatchObject({
      id: fullRun,
      name: "full",
      experiment: { name: "everything" },
      tags: [{ name: "whole" }],
      ended: null,
      active: true,
      params: { hparams: { lr: 0.01, layers: [64, 32], none: null }, __system_params: { host: "h" } },
    })
    expect(full?.metrics.find(({ name }) => name === "loss")).toEqual({
      name: "loss",
      context: { subset: "train" },
      last: 0.5,
      lastStep: 1,
      first: 1,
      min: 0.5,
      max: 1,
    })
    const [bare] = await matyan.runs.query(q, { select: [] }).toArray()
    expect(Object.keys(bare ?? {})).not.toContain("params")
    const columns = await matyan.runs
      .query(small, { sort: "name" })
      .toColumns({ rate: "params.nested.rate", loss: { metric: "loss" } })
    expect(columns).toEqual({
      rate: Float64Array.from({ length: many }, (_, i) => i / 10),
      loss: Float64Array.from({ length: many }, (_, i) => i),
    })
  })

  test("can be changed, and read right after as they were changed to", async () => {
    const id = idOf(0)
    const { position, isVisible } = await matyan.runs.rename(id, "other")
    expect([position, isVisible]).toEqual([expect.stringMatching(/^data-ingestion\/\d+\/\d+$/), true])
    const tag = await matyan.runs.tag(id, "good")
    await matyan.runs.describe(id, "said")
    await matyan.runs.archive(id)
    const { props } = await matyan.runs.get(id, { position: position ?? "" })
    expect(props).toMatchObject({ name: "other", description: "said", archived: true, tags: [{ id: tag.id, name: "good" }] })
    await matyan.runs.untag(id, tag.id)
    await matyan.runs.unarchive([id])
    await matyan.runs.delete([id])
    await expect(matyan.runs.get(id)).rejects.toMatchObject({ code: "not_found", status: 404 })
    expect((await matyan.runs.trash()).runs.map((run) => run.id)).toContain(id)
    await matyan.runs.restore(id)
    await matyan.runs.rewind(id, 100)
    await matyan.runs.finish(id)
    expect((await matyan.runs.get(id)).props).toMatchObject({ name: "other", tags: [], archived: false, active: false })
    const entries = await gathered(matyan.runs.history(id))
    expect(entries.map(({ type }) => type).slice(0, 4)).toEqual(["RunFinished", "RunRewound", "RunRestored", "RunDeleted"])
    await matyan.runs.rename(id, "small 000")
  })
})

describe("metrics", () => {
  const id = "e".repeat(32)
  const values = [0, -0, 1.5, Number.NaN, Infinity, -Infinity, 1e-300, 7]

  beforeAll(async () => {
    const socket = await openSocket(server.frontierUrl, id)
    // As Python writes them: JSON has none of these.
    const named = new Map([[Number.NaN, "NaN"], [Infinity, "Infinity"], [-Infinity, "-Infinity"]]) // prettier-ignore
    const text = (value: number) => named.get(value) ?? (Object.is(value, -0) ? "-0.0" : JSON.stringify(value))
    const messages = values.map((value, step) =>
      JSON.stringify({ ...metric("odd", 2 * step, 0.25, { "a b": [1, { c: "ü" }] }), epoch: step }).replace(
        '"value":0.25',
        `"value":${text(value)}`,
      ),
    )
    await socket.send(`[${JSON.stringify(createRun())},${messages.join(",")},${JSON.stringify(metric("odd", 0, 3))}]`)
    socket.close()
    await until("the points", () => matyan.metrics.series({ runs: id, names: "odd" }), (series) => series.length === 2) // prettier-ignore
  })

  test("have every value that was logged, bit for bit", async () => {
    const contexts = [{ "a b": [1, { c: "ü" }] }]
    const [series, ...others] = await matyan.metrics.series({ runs: [id], names: ["odd"], contexts })
    expect(others).toEqual([])
    expect(series).toMatchObject({ run: id, name: "odd", context: contexts[0] })
    expect(series?.values).toEqual(Float64Array.from(values))
    expect(series?.steps).toEqual(Float64Array.from(values, (_, i) => 2 * i))
    expect(series?.epochs).toEqual(Float64Array.from(values, (_, i) => i))
    expect(series?.times).toHaveLength(values.length)
    const broken = connect(server.backendUrl, { fetch: cuttingFetch([0, 100]), retry: { firstMillis: 1 } })
    expect(await broken.metrics.series({ runs: [id], names: ["odd"], contexts })).toEqual([series])
    expect((await gathered(matyan.metrics.parts({ runs: id, names: "odd", contexts })))[0]?.values).toEqual(series?.values)
    expect((await matyan.metrics.json(id, [{ name: "odd", context: {} }]))[0]).toMatchObject({ iters: [0], values: [3] })
  })

  test("come in buckets of one grid", async () => {
    const answer = await matyan.metrics.series({ runs: id, names: "odd", buckets: 2, from: 0, to: 14 })
    expect(answer).toMatchObject({ x: "step", from: 0, to: 14, buckets: 2, edges: Float64Array.of(0, 7) })
    expect(answer.series.find(({ context }) => "a b" in context)?.count).toEqual(Float64Array.of(4, 4))
    const none = await matyan.metrics.series({ query: `metric.name == "none"`, buckets: 4 })
    expect([none.series, none.edges.length]).toEqual([[], 0])
  })

  test("come as samples, in the contexts that were asked for", async () => {
    const [one, ...others] = await matyan.metrics.series({ runs: id, names: "odd", contexts: [{}], points: 3 })
    expect([one?.values, others]).toEqual([Float64Array.of(3), []])
    expect(await matyan.metrics.series({ query: `run.hash == "${id}" and metric.name == "odd"`, points: 2 })).toHaveLength(2)
  })
})

describe("objects, logs and files", () => {
  test("of every kind are found, read by steps, and their bytes are there", async () => {
    const [images] = await gathered(matyan.objects.query("images", `images.name == "shown"`))
    expect(images).toMatchObject({
      run: fullRun,
      traces: [{ name: "shown", iters: [1], values: [[{ caption: "c", width: 2 }]] }],
    })
    const uri = images?.traces[0]?.values[0]?.[0]?.blob_uri ?? ""
    const bytes = await matyan.objects.bytes("images", [uri, "nonsense"])
    expect([...bytes].map(([key, value]) => [key, new TextDecoder().decode(value)])).toEqual([[uri, "PNG"]])
    const texts = await matyan.objects.sequence(fullRun, "texts", { name: "says" }, { steps: [1, null] })
    expect(texts).toMatchObject({ iters: [4], values: [[{ data: "wörld" }]] })
    const last = await matyan.objects.step(fullRun, "distributions", { name: "weights" })
    expect(last.values?.[0]?.data).toEqual(Float64Array.of(1, 0, 2.5))
    expect((await matyan.objects.step(fullRun, "figures", { name: "plot", step: 2 })).values?.[0]?.data).toContain("layout")
    expect(await matyan.objects.sequence(fullRun, "audios", { name: "none" })).toEqual({})
  })

  test("logs come line by line, in the steps that were asked for", async () => {
    const socket = await openSocket(server.frontierUrl, idOf(1))
    await socket.send(Array.from({ length: 1_200 }, (_, i) => terminalLine(`line ${i}`, i)))
    socket.close()
    const all = () => gathered(matyan.logs.lines(idOf(1), { steps: [0, null] }))
    const lines = await until("the lines", all, ({ length }) => length === 1_200)
    expect(lines).toEqual(Array.from({ length: 1_200 }, (_, i) => ({ step: i, line: `line ${i}` })))
    expect((await gathered(matyan.logs.lines(idOf(1)))).map(({ step }) => step)).toEqual(
      Array.from({ length: 200 }, (_, i) => 1_000 + i),
    )
    const broken = connect(server.backendUrl, { fetch: cuttingFetch([900, 0, 20_000]), retry: { firstMillis: 1 } })
    expect(await gathered(broken.logs.lines(idOf(1), { steps: [0, 1_100] }))).toEqual(lines.slice(0, 1_100))
    for await (const { step } of matyan.logs.lines(idOf(1), { steps: [3, null] })) {
      expect(step).toBe(3)
      break
    }
    expect(await gathered(matyan.logs.records(fullRun))).toMatchObject([
      { step: 0, message: "began", level: "INFO", time: 1_767_225_600 },
    ])
  })

  test("files are downloaded whole, from the middle, and though the connection breaks", async () => {
    const told: (readonly [number, number])[] = []
    const onProgress = (loaded: number, size: number) => void told.push([loaded, size])
    const broken = connect(server.backendUrl, {
      fetch: cuttingFetch([2, 0, 3], (url) => url.includes("download")),
      retry: { firstMillis: 1 },
    })
    const file = await broken.artifacts.download(fullRun, "models/best model.bin", { onProgress })
    expect([file.path, file.size, file.contentType]).toEqual(["models/best model.bin", 7, "application/x-model"])
    expect(new TextDecoder().decode(await file.bytes())).toBe("weights")
    expect(told).toEqual([[2, 7], [5, 7], [7, 7]]) // prettier-ignore
    const rest = await matyan.artifacts.download(fullRun, "models/best model.bin", { from: 4 })
    expect(new TextDecoder().decode(await rest.bytes())).toBe("hts")
    await expect(matyan.artifacts.download(fullRun, "none")).rejects.toMatchObject({ code: "not_found" })
    const saved = new Map<string, Uint8Array>()
    await matyan.artifacts.downloadAll(fullRun, async (path, one) => saved.set(path, await one.bytes()))
    expect([...saved.keys()]).toEqual(["models/best model.bin"])
  })
})

describe("experiments, tags, notes and the rest", () => {
  test("are made, changed, listed and deleted", async () => {
    const { id } = await matyan.experiments.create({ name: "fresh" })
    await matyan.experiments.update(id, { description: "d" })
    expect(await matyan.experiments.get(id)).toMatchObject({ name: "fresh", description: "d" })
    expect((await matyan.experiments.search("FRE")).map((one) => one.id)).toEqual([id])
    const note = await matyan.notes.experiment.write(id, "one")
    await matyan.notes.experiment.update(id, note.id, "two")
    expect(await matyan.notes.experiment.list(id)).toMatchObject([{ id: note.id, content: "two" }])
    await matyan.notes.experiment.delete(id, note.id)
    await expect(matyan.experiments.create({ name: "fresh" })).rejects.toMatchObject({ code: "bad_request", status: 400 })
    await matyan.experiments.delete(id)
    const [whole] = await matyan.tags.search("whole")
    expect((await matyan.tags.runs(whole?.id ?? "")).map(({ run_id }) => run_id)).toEqual([fullRun])
    const [experiment] = await matyan.experiments.search("everything")
    expect((await matyan.experiments.runs(experiment?.id ?? "")).map(({ run_id }) => run_id)).toEqual([fullRun])
    const board = await matyan.dashboards.create({ name: "b" })
    expect((await matyan.dashboards.list()).map((one) => one.id)).toEqual([board.id])
    await matyan.dashboards.delete(board.id)
    await matyan.project.pin([{ name: "loss", context: {} }])
    expect(await matyan.project.pinned()).toEqual([{ name: "loss", context: {} }])
    expect((await matyan.project.activity()).num_runs).toBeGreaterThan(many)
    expect((await matyan.project.params()).metric).toHaveProperty("odd")
  })
})

describe("what fails", () => {
  test("is told by the server's code, its words, and where in a query", async () => {
    const error = await matyan.runs
      .query("run.x ==")
      .toArray()
      .catch((error: unknown) => error)
    expect(error).toBeInstanceOf(MatyanError)
    expect(error).toMatchObject({ code: "bad_request", status: 400, detail: { line: 1, statement: "run.x ==" } })
    expect(String(error)).toContain("invalid syntax")
    await expect(matyan.metrics.series({ query: "", buckets: 0 })).rejects.toMatchObject({
      code: "validation_error",
      status: 422,
    })
    await expect(matyan.runs.get("..")).rejects.toMatchObject({ code: "bad_request", status: 0 })
    await expect(connect("http://127.0.0.1:1", { retry: false }).runs.get("x")).rejects.toMatchObject({
      code: "network",
      status: 0,
    })
  })

  test("is asked again where it passes, and a change is not", async () => {
    const asked: string[] = []
    const flaky: typeof fetch = async (input, init) => {
      asked.push(init?.method ?? "")
      if (asked.length <= 2) throw new TypeError("no network")
      return fetch(input, init)
    }
    const patient = connect(server.backendUrl, { fetch: flaky, retry: { firstMillis: 1 }, token: "t" })
    expect(await patient.experiments.list()).not.toEqual([])
    expect(asked).toEqual(["GET", "GET", "GET"])
    asked.length = 0
    await expect(patient.runs.rename(fullRun, "x")).rejects.toMatchObject({ code: "network" })
    expect(asked).toEqual(["PUT"])
  })

  test("by the reader's own will is no error of ours", async () => {
    const gone = new AbortController()
    const read = async () => {
      for await (const { name } of matyan.runs.query(small, { pageSize: 5, signal: gone.signal })) if (name !== "") gone.abort()
    }
    await expect(read()).rejects.toMatchObject({ name: "AbortError" })
    const reason = new Error("enough")
    await expect(matyan.runs.get(fullRun, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const aborted = { signal: AbortSignal.abort(reason) }
    await expect(matyan.artifacts.download(fullRun, "models/best model.bin", aborted)).rejects.toBe(reason)
  })
})
