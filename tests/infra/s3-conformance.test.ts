import { afterAll, beforeAll, describe } from "vitest"
import { s3Blobs } from "../../infra/s3/blob-store.ts"
import { blobStoreSuite } from "../conformance/blob-store.suite.ts"
import type { S3Server } from "../support/servers/s3-process.ts"
import { s3Servers } from "../support/servers/s3.ts"

describe.each(s3Servers())("S3: $name", ({ name, start }) => {
  let server: S3Server
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.dispose())

  blobStoreSuite(name, {
    fresh: () => s3Blobs(server.options()),
    // S3 itself holds any keys, but these servers keep objects as files.
    keys: "like files",
    boundsSignedUploads: false,
    knowsUploads: name !== "s3proxy",
    upload: async (_store, { url, headers, body }) => {
      // A server that refuses before it has read the body cuts the connection.
      const response = await fetch(url, { method: "PUT", headers, body: Buffer.from(body) }).catch(() => null)
      await response?.text().catch(() => "")
      return response?.ok === true ? response.headers.get("etag") : null
    },
    download: async (_store, url) => {
      const response = await fetch(url)
      const content = await response.bytes()
      return response.ok ? content : null
    },
  })
})
