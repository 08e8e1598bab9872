import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Message } from "../support/client-frames.ts"
import { clientEnvironment, python } from "../support/python.ts"
import { at, doubles, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, type Server } from "../support/server.ts"
import { until } from "../support/wait.ts"

const run = promisify(execFile)
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const id = "d191700000000000000000000000d191"
const epochs = 6

/** What the stock client sent while the example ran. */
interface Sent {
  readonly messages: readonly Message[]
  readonly files: Readonly<Record<string, { readonly type: string; readonly bytes: string }>>
}

/**
 * What the stock Python client does, tried on a system: `start` makes one in a folder, whatever engines and processes it is
 * made of.
 */
export const pythonClientScenario = (name: string, start: (folder: string) => Promise<Server>): void => {
  const folder = mkdtempSync(join(tmpdir(), "matyan-python-"))
  let interpreter: string
  let server: Server
  let rest: Rest
  let sent: Sent
  let printed: string
  let back: Json

  const runPython = async (...args: readonly string[]): Promise<string> => {
    const env = clientEnvironment(server, folder)
    const { stdout } = await run(interpreter, [...args], { cwd: folder, env, maxBuffer: 2 ** 28 })
    return stdout
  }

  beforeAll(async () => {
    interpreter = await python()
    const data = join(folder, "data")
    mkdirSync(data)
    server = await start(data)
    rest = restOf(server.backendUrl)
    const log = join(folder, "sent.json")
    printed = await runPython(
      file("../full/record_calls.py"),
      log,
      file("../../examples/train_digits.py"),
      "--run",
      id,
      "--epochs",
      `${epochs}`,
    )
    sent = JSON.parse(readFileSync(log, "utf8")) as Sent
    await until("the run's end", () => rest.ask("GET", `/runs/${id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
    back = JSON.parse(await runPython(file("../full/read_back.py"), id, folder)) as Json
  }, 900_000)
  afterAll(async () => {
    await endAll()
    rmSync(folder, { recursive: true, force: true })
  })

  const ofType = (type: string): readonly Message[] => sent.messages.filter((message) => message["type"] === type)
  const seriesKey = (name: unknown, context: unknown): string => `${String(name)} ${JSON.stringify(context ?? {})}`

  /** Messages by sequence, each step once, the last one counting. */
  const sequences = (messages: readonly Message[]): ReadonlyMap<string, readonly Message[]> => {
    const found = new Map<string, Map<number, Message>>()
    for (const message of messages) {
      const key = seriesKey(message["name"], message["context"])
      found.set(key, (found.get(key) ?? new Map<number, Message>()).set(message["step"] as number, message))
    }
    return new Map(
      [...found].map(([key, steps]) => [key, [...steps].toSorted(([a], [b]) => a - b).map(([, message]) => message)]),
    )
  }

  const mergedParams = (): Json => {
    const merged: Record<string, Json> = {}
    for (const { value } of ofType("log_hparams")) Object.assign(merged, value)
    return merged
  }

  describe(`the example, run with the stock Python client: ${name}`, () => {
    it("really trains: it logs every kind of thing, and the network learns", () => {
      const kinds = new Map<string, number>()
      for (const message of sent.messages) kinds.set(String(message["type"]), (kinds.get(String(message["type"])) ?? 0) + 1)
      expect([...kinds.keys()].toSorted()).toEqual(
        [
          "add_tag",
          "blob_ref",
          "create_run",
          "finish_run",
          "log_custom_object",
          "log_hparams",
          "log_metric",
          "log_record",
        ].concat("log_terminal_line", "set_run_property"),
      )
      expect(kinds.get("log_metric")).toBeGreaterThan(epochs * 45)
      expect(Object.keys(sent.files)).toHaveLength(epochs * 2 + 3)
      expect(printed).toContain(`run ${id}`)
      expect(at(mergedParams(), "result", "val_accuracy")).toBeGreaterThan(0.8)
    })

    it("reads every metric back, value by value, through REST and through the client", async () => {
      const logged = sequences(ofType("log_metric"))
      const ask = [...logged.values()].map(([first]) => ({ name: first?.["name"], context: first?.["context"] ?? {} }))
      const whole = await rest.ask("POST", `/runs/${id}/metric/get-batch/?record_density=0`, ask)
      for (const series of [whole.body, at(back, "series")] as readonly (readonly Json[])[]) {
        expect(series).toHaveLength(logged.size)
        for (const trace of series) {
          const points = logged.get(seriesKey(at(trace, "name"), at(trace, "context"))) ?? []
          expect(at(trace, "iters"), String(at(trace, "name"))).toEqual(points.map(({ step }) => step))
          expect(at(trace, "values"), String(at(trace, "name"))).toEqual(points.map(({ value }) => value))
        }
      }
      const found = await rest.tree(`/runs/search/metric/?p=5000&q=${encodeURIComponent('metric.name == "batch_loss"')}`)
      const points = logged.get('batch_loss {"subset":"train"}') ?? []
      const trace = at(found, id, "traces", 0)
      expect(doubles(at(trace, "iters"))).toEqual(points.map(({ step }) => step))
      expect(doubles(at(trace, "values"))).toEqual(points.map(({ value }) => value))
      expect(doubles(at(trace, "epochs"))).toEqual(points.map(({ epoch }) => epoch))
      const times = points.map((point) => Date.parse(String(point["client_datetime"])) / 1000)
      for (const [i, time] of doubles(at(trace, "timestamps")).entries()) expect(time).toBeCloseTo(times[i] ?? 0, 2)
    })

    it("reads its parameters, system parameters and properties back", async () => {
      const info = await rest.get(`/runs/${id}/info/`)
      expect(at(info, "params")).toEqual(mergedParams())
      expect(at(back, "params", "hparams")).toEqual(at(mergedParams(), "hparams"))
      expect(at(back, "lr")).toBe(0.01)
      expect(at(back, "absent")).toBe("absent")
      const packages = at(info, "params", "__system_params", "packages") as object
      expect(packages).toHaveProperty("matyan-client", "0.3.0")
      for (const props of [at(info, "props"), at(back, "props")])
        expect(props).toMatchObject({
          name: "mlp 32, lr 0.01",
          description: "A network of one hidden layer reads 8×8 pictures of digits.",
          experiment: { name: "digits" },
          active: false,
          archived: false,
        })
      const time = (type: string): number => Date.parse(String(ofType(type)[0]?.["client_datetime"])) / 1000
      expect(at(info, "props", "creation_time")).toBeCloseTo(time("create_run"), 2)
      expect(at(info, "props", "end_time")).toBeCloseTo(time("finish_run"), 2)
      expect((at(back, "tags") as readonly string[]).toSorted()).toEqual(["example", "scikit-learn"])
    })

    it("reads terminal lines and log records back", async () => {
      const lines = Object.fromEntries(ofType("log_terminal_line").map(({ step, line }) => [step, line]))
      expect(await rest.tree(`/runs/${id}/logs/?record_range=0:`)).toEqual(lines)
      expect(Object.fromEntries(at(back, "lines") as unknown as Iterable<[number, string]>)).toEqual(lines)
      for (const line of printed.trim().split("\n")) expect(Object.values(lines)).toContain(line)
      const levels: Readonly<Record<number, string>> = { 20: "INFO", 30: "WARNING" }
      const records = ofType("log_record").map(({ message, level, timestamp, extra_args, logger_info }) => ({
        message,
        log_level: levels[level as number],
        timestamp,
        args: extra_args ?? null,
        logger_info,
        is_notified: true,
      }))
      const { log_records_count, ...stored } = await rest.tree(`/runs/${id}/log-records/?record_range=0:`)
      expect(log_records_count).toBe(records.length)
      expect(Object.values(stored)).toEqual(records)
      expect(at(back, "record_count")).toBe(records.length)
      expect((at(back, "records") as readonly Json[]).map((each) => at(each, 1, "message"))).toEqual(
        records.map(({ message }) => message),
      )
    })

    it("reads texts, distributions and figures back", async () => {
      const objects = (dtype: string) => sequences(ofType("log_custom_object").filter((message) => message["dtype"] === dtype))
      const all = `record_density=0&index_density=0&q=${encodeURIComponent(`run.hash == "${id}"`)}`
      const texts = at(await rest.tree(`/runs/search/texts/?${all}`), id, "traces", 0)
      const mistakes = objects("text").get('mistakes {"subset":"val"}') ?? []
      expect(mistakes).toHaveLength(epochs)
      expect(at(texts, "iters")).toEqual(mistakes.map(({ step }) => step))
      expect((at(texts, "values") as readonly Json[]).map((items) => at(items, 0, "data"))).toEqual(
        mistakes.map(({ value }) => at(value as Json, "data")),
      )

      const distributions = at(await rest.tree(`/runs/search/distributions/?${all}`), id, "traces") as readonly Json[]
      expect(distributions).toHaveLength(2)
      for (const trace of distributions) {
        const logged = objects("distribution").get(seriesKey("weights", at(trace, "context"))) ?? []
        for (const [i, message] of logged.entries()) {
          const value = message["value"] as Json
          expect(at(trace, "values", i)).toMatchObject({ bin_count: 32, range: at(value, "range") as readonly Json[] })
          expect(doubles(at(trace, "values", i, "data"))).toEqual(at(value, "data"))
        }
      }

      const figures = at(await rest.tree(`/runs/search/figures/?${all}`), id, "traces", 0, "values", 0, "data")
      expect(JSON.parse(String(figures))).toEqual(at(objects("figure").get("curves {}")?.[0]?.["value"] as Json, "data"))
      for (const kind of ["texts", "distributions", "figures"]) expect(at(back, kind, 0, "hash"), kind).toBe(id)
    })

    it("reads pictures, sounds and files back byte by byte, alone and in the archive", async () => {
      const bytesOf = (path: string): string | undefined => sent.files[path]?.bytes
      for (const [kind, name, extension] of [
        ["images", "confusion", "png"],
        ["audios", "pitch", "wav"],
      ] as const)
        for (let step = 0; step < epochs; step++)
          expect(at(back, kind, `${name}/${step}/0`), `${name} ${step}`).toBe(bytesOf(`seq/${name}/${step}.${extension}`))
      const paths = Object.keys(sent.files).filter((path) => !path.startsWith("seq/"))
      expect(paths.toSorted()).toEqual(["models/digits.pickle", "report/history.csv", "report/résumé.txt"])
      expect((at(back, "artifacts") as readonly Json[]).map((each) => at(each, "path")).toSorted()).toEqual(paths.toSorted())
      expect(at(back, "unpacked")).toEqual(Object.fromEntries(paths.map((path) => [path, bytesOf(path)])))
      expect(at(back, "first")).toEqual([
        at(back, "first", 0),
        bytesOf(String(at(back, "first", 0))),
        bytesOf(String(at(back, "first", 0))),
      ])
      for (const path of paths) {
        const bytes = await rest.bytes(`/runs/${id}/artifacts/download/?path=${encodeURIComponent(path)}`)
        expect(Buffer.from(bytes).toString("base64"), path).toBe(bytesOf(path))
      }
    })

    it("answers the client's repository calls", () => {
      const repo = at(back, "repo")
      expect(repo).toMatchObject({
        exists: true,
        ghost: false,
        all: [id],
        active: [],
        count: 1,
        iterated: [id],
        by_lr: [id],
        by_tag: [id],
        by_metric: [id],
        by_nothing: [],
        pages: [[id]],
        sequences: ["images", "metric"],
        experiments: [{ name: "digits", run_count: 1 }],
        project: { name: "My project" },
        version: { component: "backend" },
      })
      expect(at(repo, "params")).toEqual(at(mergedParams(), "hparams"))
      expect((at(repo, "tags") as readonly Json[]).map((tag) => at(tag, "name")).toSorted()).toEqual(["example", "scikit-learn"])
      expect(at(back, "metrics_info")).toHaveLength(sequences(ofType("log_metric")).size)
      expect(at(back, "one_metric", "last_value")).toBe(at(mergedParams(), "result", "val_accuracy"))
      expect(at(back, "some_sequences")).toEqual(["images", "texts"])
      expect(Object.keys(at(back, "metric_search", 0, "traces") as object)).toHaveLength(2)
    })

    it("Law 1: leaves projections that a fold of the whole log gives", async () => {
      expect(await server.verify()).toMatch(/^equal: \d+ rows/)
      expect(server.output().stderr).toBe("")
    })
  })
}
