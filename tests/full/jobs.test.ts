/** The jobs as commands, on a data folder with and without a server, and as the server itself does them. */
import { Effect, Layer } from "effect"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { withLock } from "../../projections/locks.ts"
import { createRun, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

it("a run that fell silent is finished by the command once no server runs, and by none that is kept out", async () => {
  const run = "57a1e".padEnd(32, "0")
  let server = await startServer(freshFolder())
  const { folder } = server
  const socket = await openSocket(server.frontierUrl, run)
  await socket.send(createRun())
  socket.close()
  await until("the run", () => restOf(server.backendUrl).ask("GET", `/runs/${run}/info`), ({ status }) => status === 200) // prettier-ignore
  const silent = ["finish-stale", "--timeout-hours", "0"]

  const beside = await runCli(folder, silent)
  expect(beside).toMatchObject({ code: 1, stdout: "" })
  expect(beside.stderr).toMatch(/a server runs on this data folder.*does finish-stale itself/)
  expect(await runCli(folder, [...silent, "--dry-run"])).toMatchObject({ code: 0, stdout: `${run}\n` })
  expect(await runCli(folder, ["finish-stale", "--timeout-hours", "1000000", "--dry-run"])).toMatchObject({ code: 0, stdout: "" })
  await server.stop()

  const held = await Effect.runPromise(
    withLock(
      "finish-stale",
      { ttlSeconds: 600, owner: "another machine" },
      Effect.promise(() => runCli(folder, [...silent, "--lock-ttl-seconds", "60"])),
    ).pipe(Effect.provide(lmdbStore({ folder: join(folder, "store") }) satisfies Layer.Layer<KeyValueStore, unknown>)),
  )
  expect(held.code).toBe(1)
  expect(held.stderr).toMatch(/finish-stale is being done by another machine, whose lock holds until \d{4}-/)

  expect(await runCli(folder, [...silent, "--limit", "many"])).toMatchObject({ code: 2 })
  expect(await runCli(folder, [...silent, "--lock-ttl-seconds", "60"])).toMatchObject({ code: 0, stdout: `${run}\n` })
  expect(await runCli(folder, ["cleanup-tombstones"])).toMatchObject({ code: 0, stdout: "" })
  expect(await runCli(folder, ["cleanup-orphan-blobs", "--dry-run"])).toMatchObject({ code: 0, stdout: "" })

  server = await server.restart()
  const { body } = await restOf(server.backendUrl).ask("GET", `/runs/${run}/info/`)
  expect(at(body, "props", "active")).toBe(false)
  expect(await server.verify()).toMatch(/^equal: /)
  await server.stop()
})
