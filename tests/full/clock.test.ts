/** The wall clock of a real server jumps: what was logged keeps its order, and nobody waits for a time that does not come. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { at, type Rest, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { upload } from "../support/upload.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const hour = 3_600_000
const preload = new URL("../support/faults/clock-preload.ts", import.meta.url).href

/** How the clock goes, and what it is then, in Unix seconds. */
const jumps: readonly (readonly [name: string, said: string, isThen: (seconds: number) => boolean])[] = [
  ["a day ahead", `shift ${24 * hour}`, (seconds) => seconds > Date.now() / 1000 + 23 * 3600],
  ["a day back", `shift ${-24 * hour}`, (seconds) => seconds < Date.now() / 1000 - 23 * 3600],
  ["in 1970", "frozen 1000", (seconds) => seconds === 1],
  ["in 2106", `frozen ${2 ** 32 * 1000}`, (seconds) => seconds === 2 ** 32],
  ["as it is", "shift 0", (seconds) => Math.abs(seconds - Date.now() / 1000) < 3600],
]

it("Law 3, Law 1: over jumps of the clock order and state are those of the log, durations are not negative, and timers go on", async () => {
  const folder = freshFolder()
  const file = join(folder, "clock")
  writeFileSync(file, "shift 0")
  const server = await startServer(folder, { NODE_OPTIONS: `--import ${preload}`, MATYAN_CLOCK_FILE: file })
  const rest = restOf(server.backendUrl)
  const through = await openSocket(server.frontierUrl, "through")
  await through.send(createRun())
  const ids = new Set<unknown>()
  for (const [i, [name, said, isThen]] of jumps.entries()) {
    // A run that begins before the jump, and ends after it.
    const over = await openSocket(server.frontierUrl, `over${i}`)
    await over.send(createRun())
    writeFileSync(file, said)
    await until(`the clock to be ${name}`, () => createdNow(rest, ids), isThen)
    expect(await through.send([metric("loss", i, i), metric("loss", i, i + 0.5)]), name).toMatchObject({ status: "ok" })
    expect(await over.send({ type: "finish_run" }), name).toMatchObject({ status: "ok" })
    await upload(server, "through", `file ${i}`, name)
    over.close()
  }
  await through.send(metric("last", 0, 1))
  const last = async () => (await rest.ask("POST", "/runs/through/metric/get-batch/", [{ name: "last", context: {} }])).body
  await until("the last point", last, (body) => at(body, 0, "values", 0) === 1)
  const { body } = await rest.ask("POST", "/runs/through/metric/get-batch/", [{ name: "loss", context: {} }])
  expect(at(body, 0, "iters")).toEqual(jumps.map((_, i) => i))
  expect(at(body, 0, "values")).toEqual(jumps.map((_, i) => i + 0.5))
  for (const i of jumps.keys()) {
    const over = async () => (await rest.ask("GET", `/runs/over${i}/info`)).body
    const info = await until("its end", over, (body) => at(body, "props", "active") === false)
    expect(Number(at(info, "props", "duration") ?? 0)).toBeGreaterThanOrEqual(0)
    const kept = await rest.bytes(`/runs/through/artifacts/download?path=${encodeURIComponent(`file ${i}`)}`)
    expect(Buffer.from(kept).toString()).toBe(jumps[i]![0])
  }
  const negative = encodeURIComponent("run.duration < 0 and run.active == False")
  expect(await rest.tree(`/runs/search/run/?q=${negative}`)).toEqual({})
  through.close()
  expect(await server.verify()).toMatch(/^equal/)
  const hash = await server.dumpHash()
  await server.stop()
  const again = await startServer(folder)
  expect(await again.dumpHash()).toBe(hash)
  await again.stop()
  expect(server.output().stderr).toBe("")
})

/** Makes an experiment, and answers when the gateway thinks that it did, in Unix seconds. */
const createdNow = async (rest: Rest, ids: Set<unknown>): Promise<number> => {
  const { status, body } = await rest.ask("POST", "/experiments", { name: crypto.randomUUID() })
  expect(status).toBe(200)
  const id = String(at(body, "id"))
  expect(ids.has(id)).toBe(false)
  ids.add(id)
  return Number(at(await rest.get(`/experiments/${id}`), "creation_time"))
}
