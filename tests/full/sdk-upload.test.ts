/** Uploads of the SDK: checksums, parts, going on where they stopped, and what is given up for good. */
import { execFile } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { uploadDuty, type UploadOptions } from "../../sdk/media/upload.ts"
import { files } from "../../sdk/node/files.ts"
import { init } from "../../sdk/node.ts"
import type { Duty, LoggedFile, Spool } from "../../sdk/platform.ts"
import { memorySpool } from "../../sdk/spool/memory.ts"
import { freshFolder } from "../support/folders.ts"
import { at, type Rest, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const script = fileURLToPath(new URL("../support/sdk-large-artifact.ts", import.meta.url))
const run = "0123456789abcdef0123456789abcdef"
const part = 16 * 2 ** 20
/** Three parts, the last of them of some bytes. */
const large = Buffer.concat([randomBytes(part), randomBytes(part), Buffer.from("the end")])

const folder = mkdtempSync(join(tmpdir(), "matyan-upload-"))
let server: Server
let rest: Rest
beforeAll(async () => {
  server = await startServer(folder)
  rest = restOf(server.backendUrl)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

/** A spool with one duty. */
const dutyOf = (path: string, content: Uint8Array | LoggedFile): { readonly spool: Spool; readonly duty: Duty } => {
  const spool = memorySpool("0".repeat(32), run, server.frontierUrl, 2 ** 27)
  const file = content instanceof Uint8Array ? null : content
  const duty = { number: 0, message: "{}", blobPath: path, contentType: "text/x-test", file }
  spool.addDuty(duty, content instanceof Uint8Array ? content : null)
  return { spool, duty }
}

const optionsOf = (more: Partial<UploadOptions> = {}): UploadOptions => ({ url: server.frontierUrl, runId: run, files, ...more })

const fileOf = async (bytes: Uint8Array): Promise<LoggedFile> => {
  const path = join(freshFolder(), "file")
  writeFileSync(path, bytes)
  const { size, modified } = (await files.stat(path))!
  return { path, size, modified, isGathered: false }
}

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** The network as it is, with the requests that went over it, and answers of its own where the test gives any. */
const network = (steer: (url: string, init: RequestInit | undefined, nth: number) => Response | "cut" | undefined) => {
  const puts: string[] = []
  let count = 0
  const steered: typeof fetch = async (input, init) => {
    const url = String(input)
    if (init?.method === "PUT") puts.push(new URL(url).pathname + (new URL(url).searchParams.get("part") ?? ""))
    const answer = steer(url, init, ++count)
    if (answer === "cut") throw new TypeError("the network is cut")
    return answer ?? fetch(input, init)
  }
  return { fetch: steered, puts }
}

it("a large artifact goes in parts, is told of, and is what was logged", async () => {
  const logged = await init({ url: server.frontierUrl, spool: { place: freshFolder() }, quiet: true })
  const path = join(freshFolder(), "weights.bin")
  writeFileSync(path, large)
  const told: number[] = []
  const result = await logged.artifact(path, { onProgress: (uploaded) => told.push(uploaded) })
  expect(result).toEqual({ path: "weights.bin", files: 1, bytes: large.length, state: "uploaded" })
  expect(told).toEqual([part, 2 * part, large.length])
  expect(await logged.artifact(large, { path: "bytes.bin" })).toMatchObject({ state: "uploaded" })
  expect((await logged.finish()).problems).toEqual([])
  await until("the run's end", () => rest.ask("GET", `/runs/${logged.id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  for (const name of ["weights.bin", "bytes.bin"])
    expect(hash(await rest.bytes(`/runs/${logged.id}/artifacts/download/?path=${name}`))).toBe(hash(large))
})

it("an upload that stops goes on with the parts that are missing", async () => {
  const { spool, duty } = dutyOf("resumed.bin", large)
  let isDown = false
  const { fetch, puts } = network((_url, init) => {
    if (init?.method === "PUT" && puts.length === 2) isDown = true
    return isDown ? "cut" : undefined
  })
  await expect(uploadDuty(duty, spool, optionsOf({ fetch }))).rejects.toMatchObject({ retry: true, status: 0 })
  await expect(uploadDuty(duty, spool, optionsOf({ fetch }))).rejects.toMatchObject({ retry: true })
  puts.push("after")
  isDown = false
  await uploadDuty(duty, spool, optionsOf({ fetch }))
  // The first part once, the second twice, the third once.
  expect(puts.filter((path) => path !== "after")).toHaveLength(4)
})

it("an upload that the store has cleared up begins anew", async () => {
  const { spool, duty } = dutyOf("cleared.bin", large)
  let uploadId = ""
  let isDown = true
  const { fetch: steered, puts } = network((_url, init) => {
    const body = typeof init?.body === "string" ? (JSON.parse(init.body) as { readonly upload_id?: string }) : {}
    uploadId = body.upload_id ?? uploadId
    return isDown && puts.length === 2 ? "cut" : undefined
  })
  await expect(uploadDuty(duty, spool, optionsOf({ fetch: steered }))).rejects.toMatchObject({ retry: true })
  const aborted = await fetch(`${server.frontierUrl}/api/v1/rest/artifacts/multipart/abort`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: run, artifact_path: "cleared.bin", upload_id: uploadId }),
  })
  expect(aborted.status).toBe(200)
  isDown = false
  await expect(uploadDuty(duty, spool, optionsOf({ fetch: steered }))).rejects.toMatchObject({ retry: true, status: 404 })
  await uploadDuty(duty, spool, optionsOf({ fetch: steered }))
  expect(puts.length).toBeGreaterThanOrEqual(5)
})

it("bytes that are damaged on their way are refused by the store, and sent again", async () => {
  const { spool, duty } = dutyOf("damaged.txt", Buffer.from("as they were"))
  let isDamaged = false
  const damaging: typeof fetch = (input, init) => {
    if (init?.method !== "PUT" || isDamaged) return fetch(input, init)
    isDamaged = true
    return fetch(input, { ...init, body: "as they were!".slice(1) })
  }
  await uploadDuty(duty, spool, optionsOf({ fetch: damaging }))
  expect(isDamaged).toBe(true)
})

it.each([
  [422, false],
  [413, false],
  [401, true],
  [404, true],
  [429, true],
  [500, true],
  [503, true],
])("an answer %d to a request for an address means that trying again may help: %s", async (status, retry) => {
  const { spool, duty } = dutyOf("refused.txt", Buffer.from("x"))
  const { fetch } = network(() => new Response("no", { status }))
  const failure = { name: "UploadFailed", message: `answered ${status}: no`, retry, status }
  await expect(uploadDuty(duty, spool, optionsOf({ fetch }))).rejects.toMatchObject(failure)
})

it("a server that is away, or ends the connection, may be back later", async () => {
  const { spool, duty } = dutyOf("away.txt", Buffer.from("x"))
  const rude = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => rude.listen(0, "127.0.0.1", resolve))
  const address = rude.address()
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
  await expect(uploadDuty(duty, spool, optionsOf({ url }))).rejects.toMatchObject({ retry: true, status: 0 })
  await new Promise((resolve) => rude.close(resolve))
  await expect(uploadDuty(duty, spool, optionsOf({ url }))).rejects.toMatchObject({ retry: true, status: 0 })
})

it("an upload ends when it is told to", async () => {
  const { spool, duty } = dutyOf("ended.bin", large)
  const ending = new AbortController()
  const { fetch } = network(() => {
    ending.abort()
    return undefined
  })
  const options = optionsOf({ fetch, signal: ending.signal })
  await expect(uploadDuty(duty, spool, options)).rejects.toMatchObject({ name: "UploadFailed", retry: true })
})

it("a file that changes, shrinks or goes while it is uploaded is refused for good, and nothing stays of it", async () => {
  const changes: readonly ((path: string) => void)[] = [
    (path) => utimesSync(path, 1, 1),
    (path) => writeFileSync(path, "short"),
    (path) => rmSync(path),
  ]
  for (const change of changes) {
    const file = await fileOf(large)
    const { spool, duty } = dutyOf("changing.bin", file)
    const asked: string[] = []
    const { fetch, puts } = network((url) => {
      asked.push(url)
      if (puts.length === 1) change(file.path)
      return undefined
    })
    const failed = uploadDuty(duty, spool, optionsOf({ fetch }))
    await expect(failed).rejects.toMatchObject({ retry: expect.any(Boolean), message: expect.stringContaining(file.path) })
    await expect(uploadDuty(duty, spool, optionsOf({ fetch }))).rejects.toMatchObject({
      retry: false,
      message: `${file.path} was changed or removed after it was logged`,
    })
    expect(asked.at(-1)).toContain("/multipart/abort")
  }
})

it("a content type that no header can carry is refused for good", async () => {
  const { spool, duty } = dutyOf("typed.bin", Buffer.from("x"))
  const failure = { name: "UploadFailed", retry: false, message: "text/€ is no content type" }
  await expect(uploadDuty({ ...duty, contentType: "text/€" }, spool, optionsOf())).rejects.toMatchObject(failure)
})

it("bytes that the spool has lost are refused for good", async () => {
  const { spool, duty } = dutyOf("lost.bin", Buffer.from("x"))
  spool.dutyDone(0)
  await expect(uploadDuty(duty, spool, optionsOf())).rejects.toMatchObject({ retry: false })
})

it("memory does not grow with the size of a file", async () => {
  const path = join(freshFolder(), "large.bin")
  const peakOf = async (mebibytes: number): Promise<number> => {
    writeFileSync(path, "")
    // No disk is taken for it here, only by the server.
    truncateSync(path, mebibytes * 2 ** 20)
    const env = { ...process.env, MATYAN_FRONTIER_URL: server.frontierUrl, MATYAN_SPOOL: freshFolder() }
    const { stdout } = await promisify(execFile)(process.execPath, [script, path], { env })
    const { peak, ...rest } = JSON.parse(stdout) as { readonly peak: number }
    expect(rest).toEqual({ state: "uploaded", problems: [] })
    return peak
  }
  const [small, grown] = [await peakOf(96), await peakOf(288)]
  expect(grown - small).toBeLessThan(96 * 2 ** 20)
})
