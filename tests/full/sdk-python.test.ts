/** What the SDK logs, the stock Python client reads. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, expect, it } from "vitest"
import { init } from "../../sdk/node.ts"
import { wavOf } from "../../sdk/media/wav.ts"
import { freshFolder } from "../support/folders.ts"
import { clientEnvironment, python } from "../support/python.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterAll(endAll)

const script = fileURLToPath(new URL("read_back.py", import.meta.url))
const svg = (step: number): Buffer => Buffer.from(`<svg width="${step + 1}" height="2"></svg>`)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")

it("the stock client reads a run of the SDK: parameters, metrics, records, objects and files", async () => {
  const interpreter = await python()
  const folder = freshFolder()
  const server = await startServer(freshFolder())
  const config = { lr: 0.01, layers: [64, 32], note: "ü", none: null }
  const run = await init({
    url: server.frontierUrl,
    spool: { place: freshFolder() },
    experiment: "digits",
    name: "from TypeScript",
    tags: ["example"],
    config,
  })
  run.set({ data: { train: 10 }, result: { best: true } })
  for (let step = 0; step < 3; step++) {
    run.log({ accuracy: step / 4, loss: step === 1 ? Number.NaN : 1 / (step + 1) }, { context: { subset: "val" }, epoch: step })
    run.image("shown", svg(step), { caption: `step ${step}` })
    run.text("says", `text ${step}`, { context: { subset: "val" } })
  }
  run.audio("heard", Float32Array.of(0, 0.5, -0.5), { rate: 8_000 })
  run.distribution("weights", [1, 2, 2, 3], { bins: 2 })
  run.figure("plot", { data: [{ y: [1, 2] }], layout: { title: "t" } })
  run.info("began", { samples: 10 })
  void run.artifact({ text: "bytes of a model" }, { path: "models/best model.bin" })
  expect(await run.finish()).toMatchObject({ state: "finished", problems: [] })
  const rest = restOf(server.backendUrl)
  await until("the run's end", () => rest.ask("GET", `/runs/${run.id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore

  const env = clientEnvironment(server, folder)
  const { stdout } = await promisify(execFile)(interpreter, [script, run.id, folder], { cwd: folder, env, maxBuffer: 2 ** 26 })
  const back = JSON.parse(stdout) as Json
  expect(at(back, "props")).toMatchObject({ name: "from TypeScript", experiment: { name: "digits" }, active: false })
  expect(at(back, "params")).toEqual({ hparams: config, data: { train: 10 }, result: { best: true } })
  expect(at(back, "repo", "by_lr")).toEqual([run.id])
  expect(at(back, "repo", "by_tag")).toEqual([run.id])
  expect(at(back, "one_metric")).toMatchObject({ name: "accuracy", context: { subset: "val" } })
  const series = (at(back, "series") as readonly Json[]).find((each) => at(each, "name") === "accuracy")
  expect(series).toMatchObject({ iters: [0, 1, 2], values: [0, 0.25, 0.5] })
  expect(at(back, "records", 0, 1)).toMatchObject({ message: "began", log_level: "INFO", args: { samples: 10 } })
  expect(at(back, "images")).toEqual(Object.fromEntries([0, 1, 2].map((step) => [`shown/${step}/0`, base64(svg(step))])))
  expect(at(back, "audios")).toEqual({ "heard/0/0": base64(wavOf([Float32Array.of(0, 0.5, -0.5)], 8_000)) })
  for (const [kind, expected] of Object.entries({ texts: "text 2", distributions: "weights", figures: "plot" }))
    expect(JSON.stringify(at(back, kind)), kind).toContain(expected)
  expect(at(back, "artifacts")).toMatchObject([{ path: "models/best model.bin" }])
  expect(at(back, "unpacked")).toEqual({ "models/best model.bin": base64(Buffer.from("bytes of a model")) })
}, 600_000)
