/** A server that answers S3 requests as a test says, for faults that no real server can be brought to. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { buffer } from "node:stream/consumers"
import { onTestFinished } from "vitest"
import type { S3Options } from "../../infra/s3/options.ts"

export interface S3Request {
  readonly method: string
  /** As it came, undecoded. */
  readonly target: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
  /** Resolves when the client is gone. */
  readonly closed: Promise<unknown>
}

/** Starts it for one test; an answer may be left open. */
export const scriptedS3 = async (answer: (request: S3Request, response: ServerResponse) => void): Promise<S3Options> => {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = once(response, "close")
    const body = (await buffer(request)).toString()
    answer({ method: request.method ?? "", target: request.url ?? "", headers: request.headers, body, closed }, response)
  }
  const server = createServer((request, response) => void respond(request, response))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, "close")
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("a listening server has no port")
  const endpoint = `http://127.0.0.1:${address.port}`
  return { bucket: "bucket", region: "us-east-1", endpoint, accessKeyId: "key", secretAccessKey: "secret" }
}

export const emptyListing = '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'

/** An answer that tells a fault. */
export const faultXml = (code: string, message: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
