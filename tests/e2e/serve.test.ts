import { once } from "node:events"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { pack } from "../../projections/keys.ts"
import { createGeneration, foldVersion } from "../../projections/subspaces.ts"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, runCli, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const run = "5e".repeat(16)
const stepsOf = async ({ backendUrl }: Server): Promise<readonly number[]> => {
  const address = `/runs/${run}/metric/get-batch/?record_density=0`
  const { body } = await restOf(backendUrl).ask("POST", address, [{ name: "loss", context: {} }])
  return (at(body, 0, "iters") ?? []) as readonly (number & Json)[]
}

describe("one process on one data folder", () => {
  it("Law 9, Law 1: told to end while frames are in flight, loses nothing that it acknowledged", async () => {
    const first = await startServer(freshFolder())
    const socket = await openSocket(first.frontierUrl, run)
    await socket.send(createRun())
    const acknowledged: number[] = []
    const frames = Array.from({ length: 60 }, (_, step) =>
      socket.send(metric("loss", step, step)).then(
        ({ status }) => {
          if (status === "ok") acknowledged.push(step)
        },
        () => undefined,
      ),
    )
    await until("some acknowledgements", () => acknowledged.length, (count) => count > 5) // prettier-ignore
    await first.stop()
    await Promise.all(frames)
    expect(first.output().stderr).toBe("")

    const second = await first.restart()
    const stored = await until("what was acknowledged", () => stepsOf(second), (steps) => steps.length >= acknowledged.length) // prettier-ignore
    expect(stored).toEqual(Array.from({ length: stored.length }, (_, step) => step))
    expect(acknowledged.filter((step) => !stored.includes(step))).toEqual([])
    expect(await second.verify()).toMatch(/^equal: \d+ rows/)
    const hash = await second.dumpHash()
    await second.stop()

    const third = await second.restart()
    expect(await third.dumpHash()).toBe(hash)
    await third.stop()
  })

  it("tells in its readiness whether it folds", async () => {
    const server = await startServer(freshFolder())
    const ready = async () => (await (await fetch(`${server.backendUrl}/health/ready/`)).json()) as Json
    expect(at(await ready(), "checks", "folding")).toBe("ok")
    await server.stop()
    const newer = lmdbStore({ folder: join(server.folder, "store") })
    const asIfFoldedByNewer = KeyValueStore.use((store) =>
      store.write(async (tx) => {
        const { prefixes } = await createGeneration(tx)
        tx.set(pack(["fold_version"], prefixes.marks), encodeValue(foldVersion + 1))
      }),
    )
    await Effect.runPromise(Effect.scoped(asIfFoldedByNewer.pipe(Effect.provide(newer))))
    const again = await server.restart()
    const told = await until("the fault to be told", async () => at(await (await fetch(`${again.backendUrl}/health/ready/`)).json() as Json, "checks", "folding"), (text) => text !== "ok") // prettier-ignore
    expect(told).toBe("a newer version of this software folded the projections, so this one folds nothing")
    await again.stop()
  })

  it("ends although a client is connected that says nothing, as browsers' spare connections do", async () => {
    const server = await startServer(freshFolder())
    const silent = connect(Number(new URL(server.backendUrl).port), "127.0.0.1")
    await once(silent, "connect")
    await server.stop()
    silent.destroy()
  })

  it("refuses a second start on the same folder, says why, and leaves the first unharmed", async () => {
    const first = await startServer(freshFolder())
    const ports = { MATYAN_BACKEND_PORT: "0", MATYAN_FRONTIER_PORT: "0" }
    const { code, stdout, stderr } = await runCli(first.folder, ["serve"], ports)
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toContain(`process ${first.pid} is writing to this folder`)
    const socket = await openSocket(first.frontierUrl, run)
    expect(await socket.send(metric("loss", 0, 1))).toEqual({ status: "ok", error: null })
    await until("the point", () => stepsOf(first), (steps) => steps.length === 1) // prettier-ignore
    await first.stop()
  })

  it("says which port is taken", async () => {
    const first = await startServer(freshFolder())
    const port = new URL(first.backendUrl).port
    const { code, stderr } = await runCli(freshFolder(), ["serve"], { MATYAN_BACKEND_PORT: port, MATYAN_FRONTIER_PORT: "0" })
    expect(code).toBe(1)
    expect(stderr).toContain(port)
    await first.stop()
  })

  it("reads .env of its working directory; the environment goes before it", async () => {
    const folder = freshFolder()
    const kept = join(folder, "kept")
    mkdirSync(kept)
    writeFileSync(join(folder, ".env"), `MATYAN_DATA_DIR=/nowhere\nMATYAN_PARTITIONS=0\n`)
    const { code, stderr } = await runCli(folder, ["serve"], { MATYAN_DATA_DIR: kept })
    expect(code).toBe(1)
    expect(stderr).toContain("MATYAN_PARTITIONS must be above 0")
    expect(readdirSync(kept)).toEqual([])
  })
})

describe("what would be unsafe or is wrong", () => {
  it("does not listen where others reach it, for there is no authentication, unless told so", async () => {
    const folder = freshFolder()
    const { code, stdout, stderr } = await runCli(folder, ["serve"], { HOST: "0.0.0.0" })
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toMatch(/HOST is 0\.0\.0\.0.*no authentication.*--insecure/)
    const server = await startServer(folder, { HOST: "0.0.0.0" }, ["--insecure"])
    expect((await fetch(`${server.backendUrl}/health/live/`)).status).toBe(200)
    await server.stop()
  })

  it.each([
    ["MATYAN_FRONTIER_PORT", "70000"],
    ["BLOB_URI_SECRET", "short"],
  ])("names the setting that is wrong: %s=%s", async (name, value) => {
    const ports = { MATYAN_BACKEND_PORT: "0", MATYAN_FRONTIER_PORT: "0" }
    const { code, stdout, stderr } = await runCli(freshFolder(), ["serve"], { ...ports, [name]: value })
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toContain(name)
    expect(stderr.split("\n").length).toBeLessThan(8)
  })
})
