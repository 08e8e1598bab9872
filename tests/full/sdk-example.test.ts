import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, expect, it } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { at, doubles, type Json, restOf } from "../support/rest.ts"
import { collected, endAll, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterAll(endAll)

const example = fileURLToPath(new URL("../../examples/typescript/train_spirals.ts", import.meta.url))

it("the example learns to tell its spirals apart, and logs what its README says", async () => {
  const server = await startServer(freshFolder())
  const rest = restOf(server.backendUrl)
  const env = { ...process.env, MATYAN_FRONTIER_URL: server.frontierUrl, MATYAN_SPOOL: freshFolder() }
  const child = spawn(process.execPath, [example, "--epochs", "25"], { env, stdio: ["ignore", "pipe", "pipe"] })
  const output = collected(child)
  // What it wrote last is read after its exit.
  const [code] = (await once(child, "close")) as [number | null]
  expect(code, output().stderr).toBe(0)
  expect(output().stderr).toBe("")
  const id = /^run (\w+)$/m.exec(output().stdout)?.[1] ?? ""

  const { body: info } = await until("the run's end", () => rest.ask("GET", `/runs/${id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  expect(at(info, "props")).toMatchObject({ active: false, experiment: { name: "spirals" }, tags: [{ name: "example" }] })
  expect(at(info, "params", "hparams")).toMatchObject({ epochs: 25, lr: 0.03, hidden: 24 })
  expect(at(info, "params", "eval", "held")).toMatchObject({ examples: 50, failures: 0, aborted: false })
  expect(at(info, "params", "result", "accuracy")).toBeGreaterThan(0.8)
  expect(at(info, "artifacts")).toMatchObject([{ path: "models/spirals.json" }])

  const asked = [
    { name: "batch_loss", context: {} },
    { name: "accuracy", context: { subset: "val" } },
    { name: "held/right", context: {} },
  ]
  const { body } = await rest.ask("POST", `/runs/${id}/metric/get-batch/?record_density=0`, asked)
  const values = (body as readonly Json[]).map((each) => at(each, "values") as readonly number[])
  expect(values.map(({ length }) => length)).toEqual([25 * 19, 25, 50])
  expect(values[0]!.at(-1)).toBeLessThan(values[0]![0]!)
  const query = `record_density=0&q=${encodeURIComponent(`run.hash == "${id}"`)}`
  const planes = at(await rest.tree(`/runs/search/images/?${query}`), id, "traces", 0)
  expect(at(planes, "iters")).toEqual([9, 19, 24])
  expect(at(planes, "values", 0, 0)).toMatchObject({ format: "PNG", width: 96, height: 96 })
  const weights = at(await rest.tree(`/runs/search/distributions/?${query}`), id, "traces") as readonly Json[]
  const counts = weights.map((trace) => doubles(at(trace, "values", 0, "data")).reduce((sum, count) => sum + count))
  expect(counts.toSorted((a, b) => a - b)).toEqual([24 * 3, 3 * 25])
})
