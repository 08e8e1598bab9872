import { readdirSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

it("Law 4: the trash is emptied of data and files, over a restart and under a client that logs on; the id stays dead", async () => {
  const run = "7ea5".repeat(8)
  let server = await startServer(freshFolder(), { MATYAN_TRASH_HOURS: "0" })
  const files = () =>
    readdirSync(join(server.folder, "blobs"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const presigned = await fetch(`${server.frontierUrl}/api/v1/rest/artifacts/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: run, artifact_path: "model.bin" }),
  })
  const { upload_url, s3_key } = (await presigned.json()) as Record<"upload_url" | "s3_key", string>
  const put = await fetch(upload_url, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: "weights".repeat(1000),
  })
  expect(put.ok).toBe(true)
  const socket = await openSocket(server.frontierUrl, run)
  await socket.send([createRun(), metric("loss", 0, 1), { type: "blob_ref", s3_key, artifact_path: "model.bin" }])
  const info = () => restOf(server.backendUrl).ask("GET", `/runs/${run}/info/`)
  await until("the artifact", info, ({ body }) => at(body, "artifacts", 0, "path") === "model.bin")
  const stored = files().length
  expect(stored).toBeGreaterThan(0)

  expect((await restOf(server.backendUrl).ask("DELETE", `/runs/${run}/`)).status).toBe(200)
  await server.kill()
  server = await server.restart()
  const late = await openSocket(server.frontierUrl, run)
  await late.send([createRun(true), metric("loss", 1, 1)])
  await until("the file to go", files, (left) => left.every(({ name }) => !name.includes("model")) && left.length < stored, 100)
  expect((await info()).status).toBe(404)
  await late.send(metric("loss", 2, 1))
  late.close()
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  expect((await info()).status).toBe(404)
  await server.stop()
})
