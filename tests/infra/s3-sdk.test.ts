/** The SDK's pictures and artifacts go straight to S3, by addresses that the gateway signs. */
import { createHash, randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { init } from "../../sdk/node.ts"
import { freshFolder } from "../support/folders.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { accessKeyId, type S3Server, secretAccessKey } from "../support/servers/s3-process.ts"
import { s3Servers } from "../support/servers/s3.ts"
import { until } from "../support/wait.ts"

afterAll(endAll)

describe.each(s3Servers())("S3: $name", ({ start }) => {
  let s3: S3Server
  beforeAll(async () => {
    s3 = await start()
  })
  afterAll(() => s3?.dispose())

  it("pictures, single files and large ones in parts are there, byte by byte", async () => {
    const server = await startServer(freshFolder(), {
      MATYAN_BLOBS: "s3",
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY: accessKeyId,
      S3_SECRET_KEY: secretAccessKey,
      S3_BUCKET: "sdk",
      MATYAN_S3_CREATE_BUCKET: "true",
    })
    const rest = restOf(server.backendUrl)
    const large = randomBytes(33 * 2 ** 20)
    const svg = Buffer.from("<svg width='1' height='1'/>")
    const run = await init({ url: server.frontierUrl, spool: { place: freshFolder() }, finishTimeout: 120_000 })
    run.image("shown", svg)
    const results = await Promise.all([
      run.artifact({ text: "grüße" }, { path: "a b/é.txt" }),
      run.artifact(new Uint8Array(), { path: "empty" }),
      run.artifact(large, { path: "large.bin" }),
    ])
    expect(results.map(({ state }) => state)).toEqual(["uploaded", "uploaded", "uploaded"])
    expect(await run.finish()).toMatchObject({ state: "finished", problems: [] })
    await until("the run's end", () => rest.ask("GET", `/runs/${run.id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore

    const bytesOf = async (path: string): Promise<Buffer> =>
      Buffer.from(await rest.bytes(`/runs/${run.id}/artifacts/download/?path=${encodeURIComponent(path)}`))
    expect((await bytesOf("a b/é.txt")).toString()).toBe("grüße")
    expect(await bytesOf("empty")).toHaveLength(0)
    const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
    expect(hash(await bytesOf("large.bin"))).toBe(hash(large))
    const shown = at(await rest.tree(`/runs/search/images/`), run.id, "traces", 0, "values", 0, 0, "blob_uri")
    const blobs = await rest.tree("/runs/images/get-batch/", [shown])
    expect(Buffer.from(at(blobs, String(shown)) as Uint8Array)).toEqual(svg)
  })
})
