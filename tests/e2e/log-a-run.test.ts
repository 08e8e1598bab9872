import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createRun, type Message, metric, openSocket, params, record, tag, terminalLine, text } from "../support/client-frames.ts"
import { at, doubles, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const folder = mkdtempSync(join(tmpdir(), "matyan-e2e-"))
const run = "0123456789abcdef0123456789abcdef"
const ok = { status: "ok", error: null }
const begun = Date.UTC(2026, 0, 1) / 1000
const png = Buffer.from("89504e470d0a1a0a0000", "hex")

let server: Server
let rest: Rest
beforeAll(async () => {
  server = await startServer(folder)
  rest = restOf(server.backendUrl)
  await logEverything()
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const object = (name: string, step: number, value: Message, context: Message | null = null): Message => ({
  ...text(name, step, ""),
  value,
  context,
  dtype: value["type"],
  epoch: 3,
})

const upload = async (path: string, type: string, bytes: Uint8Array): Promise<Message> => {
  const presigned = await fetch(`${server.frontierUrl}/api/v1/rest/artifacts/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: run, artifact_path: path, content_type: type }),
  })
  const { upload_url, s3_key, headers } = (await presigned.json()) as Record<"upload_url" | "s3_key", string> & {
    readonly headers: Record<string, string> | null
  }
  const put = await fetch(upload_url, { method: "PUT", headers: { "content-type": type, ...headers }, body: Buffer.from(bytes) })
  expect(put.status, await put.text()).toBeLessThan(300)
  return { type: "blob_ref", s3_key, artifact_path: path, content_type: type }
}

const logEverything = async (): Promise<void> => {
  const socket = await openSocket(server.frontierUrl, run)
  const frames: readonly (Message | readonly Message[] | string)[] = [
    createRun(),
    [
      { type: "set_run_property", name: "first", experiment: "baseline" },
      { type: "set_run_property", description: "by hand" },
      tag("keep"),
      tag("drop"),
      { type: "remove_tag", tag_name: "drop" },
    ],
    params({ hparams: { lr: 0.01, layers: [64, 32], deep: { flag: true, none: null, empty: {} } }, "with.dot": "é" }),
    // 1.0 and 1 are two contexts, and 2^60 keeps its digits.
    `{"type":"log_hparams","value":{"exact":{"whole":1.0,"large":1152921504606846976}}}`,
    Array.from({ length: 100 }, (_, step) => metric("loss", step, 1 / (step + 1), { subset: "train" })),
    [metric("loss", 0, 5, { subset: "val" }), metric("loss", 10, 4, { subset: "val" }), metric("lr", 7, 0.01)],
    `[{"type":"log_metric","name":"odd","value":NaN,"step":0,"epoch":null,"context":null,"dtype":"float","client_datetime":1767225600},
      {"type":"log_metric","name":"odd","value":-Infinity,"step":1,"epoch":2,"context":null,"dtype":"float","client_datetime":1767225601.5}]`,
    [text("says", 0, "hello"), text("says", 4, "wörld")],
    object("weights", 0, { type: "distribution", bin_count: 3, range: [-1, 1.5], data: [1, 0, 2.5] }, { layer: 1 }),
    object("plot", 2, { type: "figure", data: { data: [{ y: [1, 2.5, null] }], layout: {} } }),
    object("shown", 1, { type: "image", format: "PNG", caption: "c", width: 2, height: 1, s3_key: `${run}/seq/shown/1.png` }),
    object("heard", 1, { type: "audio", format: "wav", caption: "", rate: 8000, s3_key: `${run}/seq/heard/1.wav` }),
    [terminalLine("epoch 0", 0), terminalLine("epoch 1", 1)],
    [record("began", begun), { ...record("failed", begun + 1.5), level: 40, logger_info: null, extra_args: null }],
    [
      await upload("seq/shown/1.png", "image/png", png),
      await upload("seq/heard/1.wav", "audio/wav", Buffer.from("RIFF")),
      await upload("models/best model.bin", "application/x-model", Buffer.from("weights")),
    ],
    { type: "finish_run", client_datetime: "2026-01-01T01:00:00+00:00" },
  ]
  for (const frame of frames) expect(await socket.send(frame), JSON.stringify(frame)).toEqual(ok)
  socket.close()
  await until("the run's end", () => rest.ask("GET", `/runs/${run}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
}

describe("a run logged by every kind of message", () => {
  it("has its properties, with the client's own times", async () => {
    const props = at(await rest.get(`/runs/${run}/info/`), "props")
    expect(props).toMatchObject({
      name: "first",
      description: "by hand",
      experiment: { name: "baseline" },
      tags: [{ name: "keep" }],
      creation_time: begun,
      end_time: begun + 3600,
      archived: false,
      active: false,
    })
    const [experiments, tags] = [await rest.get("/experiments/"), await rest.get("/tags/")]
    expect(experiments).toMatchObject([{ id: at(props, "experiment", "id"), name: "baseline", run_count: 1 }])
    const keep = (tags as readonly Json[]).find((each) => at(each, "name") === "keep")
    expect(keep).toMatchObject({ id: at(props, "tags", 0, "id"), run_count: 1 })
  })

  it("has its parameters, with dots in names and numbers as they were", async () => {
    const response = await fetch(`${server.backendUrl}/api/v1/rest/runs/${run}/info/`)
    const body = await response.text()
    expect(at(JSON.parse(body) as Json, "params")).toEqual({
      exact: { large: 2 ** 60, whole: 1 },
      hparams: { deep: { empty: {}, flag: true, none: null }, layers: [64, 32], lr: 0.01 },
      "with.dot": "é",
    })
    expect(body).toContain('"whole":1.0')
    expect(body).toContain('"large":1152921504606846976')
  })

  it("has its metrics by name and context, each step once, whole or thinned", async () => {
    const ask = [
      { name: "loss", context: { subset: "train" } },
      { name: "loss", context: { subset: "val" } },
      { name: "lr", context: {} },
      { name: "loss", context: {} },
    ]
    const whole = await rest.ask("POST", `/runs/${run}/metric/get-batch/?record_density=0`, ask)
    const steps = Array.from({ length: 100 }, (_, step) => step)
    expect(whole.body).toEqual([
      { name: "loss", context: { subset: "train" }, iters: steps, values: steps.map((step) => 1 / (step + 1)) },
      { name: "loss", context: { subset: "val" }, iters: [0, 10], values: [5, 4] },
      { name: "lr", context: {}, iters: [7], values: [0.01] },
    ])
    const thinned = await rest.ask("POST", `/runs/${run}/metric/get-batch/?record_density=5&record_range=20:60`, ask.slice(0, 1))
    expect(at(thinned.body, 0, "iters")).toEqual([20, 30, 40, 49, 59])
  })

  it("has NaN and the infinities, epochs and times in metric search", async () => {
    const found = await rest.tree(`/runs/search/metric/?q=${encodeURIComponent('metric.name == "odd"')}`)
    const trace = at(found, run, "traces", 0)
    expect(doubles(at(trace, "values"))).toEqual([Number.NaN, -Infinity])
    expect(doubles(at(trace, "iters"))).toEqual([0, 1])
    expect(doubles(at(trace, "epochs"))).toEqual([Number.NaN, 2])
    expect(doubles(at(trace, "timestamps"))).toEqual([begun, begun + 1.5])
  })

  it("is found by what it is, with real aggregates", async () => {
    const query = 'run.hparams.lr < 0.1 and "keep" in run.tags and run.experiment == "baseline" and run.metrics["loss"].last < 5'
    const found = await rest.tree(`/runs/search/run/?q=${encodeURIComponent(query)}`)
    expect(Object.keys(found)).toEqual([run])
    const traces = at(found, run, "traces", "metric") as readonly Json[]
    const train = traces.find((trace) => at(trace, "context", "subset") === "train")
    expect(at(train, "values")).toEqual({ first: 1, last: 0.01, last_step: 99, min: 0.01, max: 1 })
    const dropped = await rest.tree(`/runs/search/run/?q=${encodeURIComponent('"drop" in run.tags')}`)
    expect(dropped).toEqual({})
  })

  it("has its texts, distributions and figures", async () => {
    const all = "record_density=0&index_density=0"
    const texts = at(await rest.tree(`/runs/search/texts/?${all}`), run, "traces", 0)
    expect(at(texts, "values")).toMatchObject([[{ data: "hello" }], [{ data: "wörld" }]])
    expect(at(texts, "iters")).toEqual([0, 4])
    const distribution = at(await rest.tree(`/runs/search/distributions/?${all}`), run, "traces", 0)
    expect(distribution).toMatchObject({ name: "weights", context: { layer: 1 }, epochs: [3] })
    expect(at(distribution, "values", 0)).toMatchObject({ bin_count: 3, range: [-1, 1.5] })
    expect(doubles(at(distribution, "values", 0, "data"))).toEqual([1, 0, 2.5])
    const figure = at(await rest.tree(`/runs/search/figures/?${all}`), run, "traces", 0, "values", 0, "data")
    expect(JSON.parse(String(figure))).toEqual({ data: [{ y: [1, 2.5, null] }], layout: {} })
  })

  it.each([
    ["images", "shown", { format: "PNG", caption: "c", width: 2, height: 1 }, png],
    ["audios", "heard", { format: "wav" }, Buffer.from("RIFF")],
  ])("has its %s with the bytes that were uploaded", async (kind, name, item, bytes) => {
    const trace = at(await rest.tree(`/runs/search/${kind}/`), run, "traces", 0)
    expect(trace).toMatchObject({ name, iters: [1] })
    expect(at(trace, "values", 0, 0)).toMatchObject(item)
    const uri = String(at(trace, "values", 0, 0, "blob_uri"))
    const blobs = await rest.tree(`/runs/${kind}/get-batch/`, [uri])
    expect(Buffer.from(at(blobs, uri) as Uint8Array)).toEqual(bytes)
  })

  it("has its terminal lines and log records", async () => {
    expect(await rest.tree(`/runs/${run}/logs/`)).toEqual({ 0: "epoch 0", 1: "epoch 1" })
    const records = await rest.tree(`/runs/${run}/log-records/`)
    expect(records).toMatchObject({
      log_records_count: 2,
      0: { message: "began", log_level: "INFO", timestamp: begun, args: { at: begun }, logger_info: ["train.py", 7] },
      1: { message: "failed", log_level: "ERROR", timestamp: begun + 1.5, args: null },
    })
  })

  it("has its artifact, to be had alone and in an archive; pictures of sequences are none", async () => {
    expect(at(await rest.get(`/runs/${run}/info/`), "artifacts")).toMatchObject([{ path: "models/best model.bin" }])
    const address = `${server.backendUrl}/api/v1/rest/runs/${run}/artifacts/download/?path=models/best%20model.bin`
    const download = await fetch(address)
    expect(download.headers.get("content-type")).toContain("application/x-model")
    expect(download.headers.get("content-disposition")).toContain("best model.bin")
    expect(await download.text()).toBe("weights")
    const archive = Buffer.from(await rest.bytes(`/runs/${run}/artifacts/download-all/`))
    expect(archive.includes("models/best model.bin")).toBe(true)
    expect(archive.includes("weights")).toBe(true)
  })

  it("Law 10: refuses bad messages by what is wrong with them, keeps the good ones of the frame, and goes on", async () => {
    const socket = await openSocket(server.frontierUrl, "0f".repeat(16))
    expect((await socket.send("not json")).error).toMatch(/JSON|Expecting value/)
    const mixed = await socket.send([metric("good", 0, 1), { type: "log_metric", name: "bad" }, metric("good", 1, 2)])
    expect(mixed.status).toBe("error")
    expect(mixed.error).toContain("item 1")
    expect(await socket.send(metric("good", 2, 3))).toEqual(ok)
    const ask = [{ name: "good", context: {} }]
    const series = () => rest.ask("POST", `/runs/${"0f".repeat(16)}/metric/get-batch/`, ask)
    const { body } = await until("three points", series, ({ body }) => at(body, 0, "iters", 2) === 2)
    expect(body).toEqual([{ name: "good", context: {}, iters: [0, 1, 2], values: [1, 2, 3] }])
    socket.close()
  })

  it("Law 4: is gone when it is deleted, even where its client logs on", async () => {
    const id = "de1e7ed0".repeat(4)
    const socket = await openSocket(server.frontierUrl, id)
    await socket.send([createRun(), metric("loss", 0, 1)])
    await until("the run", () => rest.ask("GET", `/runs/${id}/info/`), ({ status }) => status === 200) // prettier-ignore
    expect(await rest.ask("DELETE", `/runs/${id}/`)).toEqual({ status: 200, body: { id, status: "OK" } })
    expect((await rest.ask("GET", `/runs/${id}/info/`)).status).toBe(404)
    expect(await socket.send([createRun(true), metric("loss", 1, 1), tag("undead")])).toEqual(ok)
    // A later run of the same partition is folded after all that.
    expect((await rest.ask("POST", `/runs/${id}/clear-tombstone/`)).status).toBe(204)
    expect((await rest.ask("GET", `/runs/${id}/info/`)).status).toBe(404)
    expect(await socket.send([createRun(), metric("loss", 5, 2)])).toEqual(ok)
    const series = () => rest.ask("POST", `/runs/${id}/metric/get-batch/`, [{ name: "loss", context: {} }])
    const { body } = await until("the new run", series, ({ body }) => at(body, 0, "iters", 0) === 5)
    expect(body).toEqual([{ name: "loss", context: {}, iters: [5], values: [2] }])
    socket.close()
  })

  it("is counted in the metrics, which are not behind", async () => {
    const scrape = async () => (await fetch(`${server.backendUrl}/metrics/`)).text()
    const counted = (text: string, name: string): number =>
      Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN)
    const text = await until("no lag", scrape, (all) => /^matyan_projection_lag_events\{.*\} 0$/m.test(all))
    expect(counted(text, 'matyan_ingestion_messages_processed_total\\{message_type="PointsLogged"\\}')).toBeGreaterThan(0)
    expect(counted(text, "matyan_dead_letters_pending")).toBe(0)
    expect(counted(text, "matyan_ingestion_batch_processing_seconds_count")).toBeGreaterThan(0)
  })

  it("Law 1: is, after all that, what a fold of the whole log gives", async () => {
    expect(await server.verify()).toMatch(/^equal: \d+ rows/)
    expect(server.output().stderr).toBe("")
  })
})
