/** Processes that log pictures and artifacts are killed at random moments, and so is the server: each is there once. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, expect, it } from "vitest"
import { init } from "../../sdk/node.ts"
import { freshFolder } from "../support/folders.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterAll(endAll)

const script = fileURLToPath(new URL("../support/sdk-media-process.ts", import.meta.url))
const kills = Number(process.env["MATYAN_KILLS"] ?? "8")
const id = "feedfacefeedfacefeedfacefeedface"

/** Runs the process until it has logged so many; answers the number of the first that it may not have logged. */
const logUntilKilled = async (server: Server, place: string, from: number, count: number): Promise<number> => {
  const env = { ...process.env, MATYAN_FRONTIER_URL: server.frontierUrl, MATYAN_SPOOL: place }
  const child = spawn(process.execPath, [script, id, String(from)], { env, stdio: ["ignore", "pipe", "inherit"] })
  const ended = once(child, "close")
  let said = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text
    if (said.split("\n").length > count) child.kill("SIGKILL")
  })
  await ended
  return Number(said.trimEnd().split("\n").at(-1)) + 1
}

it("pictures and artifacts survive the ends of their processes and of the server, each once", async () => {
  let server: Server = await startServer(freshFolder())
  const place = freshFolder()
  const known = new Set<number>()
  const firsts = [0]
  let next = 0
  for (let round = 0; round < kills; round++) {
    // Between begin and a dozen; every third time the server is killed before, and stays away.
    const isAway = round % 3 === 2
    if (isAway) await server.kill()
    const end = await logUntilKilled(server, place, next, 1 + ((round * 5) % 12))
    for (let i = next; i < end; i++) known.add(i)
    // The one after the last that it said may have been logged, too.
    next = end + 1
    firsts.push(next)
    if (isAway) server = await server.restart()
  }
  const run = await init({ resume: id, url: server.frontierUrl, spool: { place }, quiet: true, finishTimeout: 60_000 })
  expect(await run.finish()).toMatchObject({ state: "finished", problems: [] })
  const rest = restOf(server.backendUrl)
  const info = await until("the run's end", () => rest.ask("GET", `/runs/${id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore

  const numberOf = (text: string): number => Number(/\d+/.exec(text)?.[0])
  const ascending = (numbers: Iterable<number>): readonly number[] => [...numbers].toSorted((a, b) => a - b)
  const found = await rest.tree(`/runs/search/images/?record_density=0&q=${encodeURIComponent(`run.hash == "${id}"`)}`)
  const uris = (at(found, id, "traces", 0, "values") as readonly Json[]).map((items) => String(at(items, 0, "blob_uri")))
  const blobs = await rest.tree("/runs/images/get-batch/", uris)
  const shown = uris.map((uri) => numberOf(Buffer.from(at(blobs, uri) as Uint8Array).toString()))
  expect(new Set(shown).size).toBe(shown.length)
  // Those of one process are in the order in which it logged them.
  for (const [i, first] of firsts.entries()) {
    const own = shown.filter((number) => number >= first && number < (firsts[i + 1] ?? Infinity))
    expect(own).toEqual(ascending(own))
  }
  expect(shown).toEqual(expect.arrayContaining([...known]))

  const paths = (at(info.body, "artifacts") as readonly Json[]).map((each) => String(at(each, "path")))
  expect(ascending(paths.map(numberOf))).toEqual(expect.arrayContaining([...known]))
  for (const path of paths) {
    const bytes = await rest.bytes(`/runs/${id}/artifacts/download/?path=${path}`)
    expect(Buffer.from(bytes).toString()).toBe(`content ${numberOf(path)}`)
  }
})
