import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { OpenApi } from "../../gateways/query/openapi.ts"
import { type Change, connect, type Matyan } from "../../sdk/read.ts"
import { checkerOf } from "../support/api-document.ts"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { startTcpProxy } from "../support/tcp-proxy.ts"
import { until } from "../support/wait.ts"

let folder: string
let server: Server
let matyan: Matyan

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-sdk-live-"))
  server = await startServer(folder)
  matyan = connect(server.backendUrl)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const log = async (run: string, ...values: readonly number[]): Promise<void> => {
  const socket = await openSocket(server.frontierUrl, run)
  await socket.send([createRun(), ...values.map((value, step) => metric("loss", step, value))])
  socket.close()
}

interface Follower {
  readonly told: Change[]
  readonly states: string[]
  readonly stop: () => Promise<unknown>
}

/** Follows until it is stopped; resolves once the first connection is open. */
const follow = async (client: Matyan, options: Parameters<Matyan["subscribe"]>[0] = {}): Promise<Follower> => {
  const [told, states, gone]: [Change[], string[], AbortController] = [[], [], new AbortController()]
  const onState = (state: string) => void states.push(state)
  const read = async () => {
    for await (const change of client.subscribe({ ...options, signal: gone.signal, onState })) told.push(change)
  }
  const ended = read().catch((error: unknown) => error)
  await until("the stream", () => states.length, (length) => length > 0) // prettier-ignore
  return {
    told,
    states,
    stop: () => {
      gone.abort()
      return ended
    },
  }
}

const pointsOf = (told: readonly Change[], run: string): number =>
  told
    .flatMap((change) => (change.type === "points" && change.run === run ? change.sequences : []))
    .reduce((sum, { count }) => sum + count, 0)

const gets = (what: string, { told }: Follower, run: string, points: number) =>
  until(what, () => pointsOf(told, run), (count) => count >= points) // prettier-ignore

describe("a subscription", () => {
  test("tells what changes as the API's document says it, until it is aborted", async () => {
    const follower = await follow(matyan)
    await log("a".repeat(32), 1, 2, 3)
    await gets("the points", follower, "a".repeat(32), 3)
    await matyan.tags.create({ name: "new" })
    await until("the tag", () => follower.told.at(-1)?.type, (type) => type === "entity") // prettier-ignore
    expect(follower.told[0]).toMatchObject({ type: "run", id: "a".repeat(32), change: "created" })
    expect(follower.told.at(-1)).toMatchObject({ type: "entity", kind: "tag", change: "created" })
    const document: OpenApi = (await (await fetch(`${server.backendUrl}/openapi.json`)).json()) as OpenApi
    const events = document.paths["/api/v1/rest/stream"]?.["get"]?.responses["200"]?.content?.["text/event-stream"]?.["x-events"]
    const check = checkerOf(document, true)
    for (const { type, cursor: _, ...data } of follower.told) expect(check(events?.[type] ?? {}, data)).toBeNull()
    expect(await follower.stop()).toMatchObject({ name: "AbortError" })
  })

  test("goes on where it was when the server comes back, each change once", async () => {
    const run = "b".repeat(32)
    const follower = await follow(matyan, { runs: run })
    await log(run, 1, 2)
    await gets("the first points", follower, run, 2)
    await server.stop()
    server = await server.restart()
    await log(run, 1, 2, 3)
    await gets("the points after the restart", follower, run, 5)
    expect(follower.states.slice(0, 3)).toEqual(expect.arrayContaining(["open", "broken"]))
    await log(run, 4)
    await gets("the last point", follower, run, 6)
    expect(pointsOf(follower.told, run)).toBe(6)
    expect(follower.told.filter(({ type }) => type === "reread")).toEqual([])
    await follower.stop()
  })

  test("goes on through a network that breaks again and again, and from a cursor of another", async () => {
    const run = "c".repeat(32)
    const { hostname: host, port } = new URL(server.backendUrl)
    const proxy = await startTcpProxy(() => ({ host, port: Number(port) }))
    const follower = await follow(connect(`http://127.0.0.1:${proxy.port}`), { topics: ["points"], runs: [run] })
    for (let i = 1; i <= 4; i++) {
      proxy.restore()
      await log(run, i, i)
      await gets(`the points of round ${i}`, follower, run, 2 * i)
    }
    expect(pointsOf(follower.told, run)).toBe(8)
    const [first] = follower.told
    await follower.stop()
    await proxy.stop()
    const again = await follow(matyan, { runs: run, topics: ["points"], from: first?.cursor ?? "" })
    await gets("what came after the first", again, run, 8 - pointsOf(follower.told.slice(0, 1), run))
    await again.stop()
  })

  test("tells only of runs that match, and of those that no longer do", async () => {
    const run = "d".repeat(32)
    const follower = await follow(matyan, { query: `run.name == "wanted"` })
    await log(run, 1)
    await matyan.runs.rename(run, "wanted")
    await until("the match", () => follower.told.at(-1), (last) => last?.type === "run" && last.matches === true) // prettier-ignore
    await matyan.runs.rename(run, "unwanted")
    await until("the end of it", () => follower.told.at(-1), (last) => last?.type === "run" && last.matches === false) // prettier-ignore
    await follower.stop()
  })

  test("says to read anew where the server does not know its place, and goes on", async () => {
    const follower = await follow(matyan, { from: "nonsense" })
    expect(follower.told).toEqual([{ type: "reread", reason: "cursor", cursor: "" }])
    await log("e".repeat(32), 1)
    await gets("the point", follower, "e".repeat(32), 1)
    await follower.stop()
  })

  test("ends with an error where its query cannot be read", async () => {
    const read = async () => {
      for await (const _ of matyan.subscribe({ query: "run.x ==" })) expect.unreachable()
    }
    await expect(read()).rejects.toMatchObject({ code: "bad_request", detail: { line: 1 } })
  })

  test("is given up when its reader leaves", async () => {
    const left = async () => {
      for await (const change of matyan.subscribe()) return change
      return null
    }
    const first = left()
    const logged = until("the change", async () => {
      await log("f".repeat(32), 1)
      return Promise.race([first, new Promise<null>((resolve) => setImmediate(() => resolve(null)))])
    }, (change) => change !== null) // prettier-ignore
    expect((await logged)?.cursor).not.toBe("")
  })
})
