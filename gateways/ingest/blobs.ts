/** Uploads and downloads by signed addresses, where the blob store has no server of its own. */
import { Effect } from "effect"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { Readable } from "node:stream"
import {
  type BlobInfo,
  BlobNotFound,
  type BlobStore,
  type BlobStoreUnavailable,
  type ByteRange,
  type Granted,
  UploadRefused,
} from "../../domain/ports/blob-store.ts"
import { reached } from "../../domain/milestones.ts"

type Local = NonNullable<BlobStore["Service"]["local"]>
type Fault = BlobNotFound | BlobStoreUnavailable | UploadRefused

/** What a request is answered with. */
interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readable | { readonly detail: string }
}

export const blobRoutes =
  (blobs: BlobStore["Service"], local: Local) =>
  async (server: FastifyInstance): Promise<void> => {
    // Bodies pass through as they come; nothing here reads them whole.
    server.removeAllContentTypeParsers()
    server.addContentTypeParser("*", (_request, _payload, done) => done(null))
    const answered =
      (answer: (request: FastifyRequest) => Effect.Effect<Answer, Fault>) => (request: FastifyRequest, reply: FastifyReply) =>
        Effect.runPromise(answer(request).pipe(Effect.catch((fault) => Effect.succeed(answerOf(fault))))).then(
          ({ status, headers, body }) =>
            reply
              .code(status)
              .headers(headers ?? {})
              .send(body),
        )
    server.put(
      "/api/v1/blobs/*",
      { bodyLimit: Number.MAX_SAFE_INTEGER },
      answered((request) => upload(request, local)),
    )
    server.get(
      "/api/v1/blobs/*",
      { exposeHeadRoute: false },
      answered((request) => download(request, blobs, local)),
    )
  }

const upload = (request: FastifyRequest, local: Local): Effect.Effect<Answer, Fault> =>
  local.verify("PUT", request.raw.url ?? "").pipe(
    Effect.tap((granted) => {
      const refusal = headRefusal(request, granted)
      return refusal === null ? Effect.void : Effect.fail(refusal)
    }),
    Effect.flatMap((granted) => local.take(granted, request.raw.iterator({ destroyOnReturn: false }))),
    // A client that is still sending reads no answer, and would only see its connection go.
    Effect.tapError(() => Effect.sync(() => request.raw.resume())),
    Effect.map((etag) => {
      reached("blob: before answer")
      return { status: 200, headers: { etag } }
    }),
  )

/** What the request's head alone tells against it, before a byte of the body is read. */
const headRefusal = ({ headers }: FastifyRequest, { terms, part }: Granted): UploadRefused | null => {
  // The type is that of the object, and was told when the parts began.
  if (part === null && headers["content-type"] !== terms.contentType)
    return new UploadRefused({
      message: `the upload was signed for the content type ${terms.contentType}`,
      reason: "content-type",
    })
  const length = Number(headers["content-length"] ?? 0)
  return terms.maxBytes !== undefined && length > terms.maxBytes
    ? new UploadRefused({ message: `${length} bytes, at most ${terms.maxBytes} are stored`, reason: "too-large" })
    : null
}

const download = (request: FastifyRequest, blobs: BlobStore["Service"], local: Local): Effect.Effect<Answer, Fault> =>
  Effect.gen(function* () {
    const { key } = yield* local.verify("GET", request.raw.url ?? "")
    const info = yield* blobs.info(key)
    const range = rangeOf(request.headers.range, info.size)
    if (range === "unsatisfiable")
      return { status: 416, headers: { ...headersOf(info), "content-range": `bytes */${info.size}` } }
    const { start, end } = range ?? { start: 0, end: info.size }
    const { body } = yield* blobs.get(key, { start, end })
    const headers = { ...headersOf(info), "content-length": String(end - start) }
    const part = range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${info.size}` }
    return {
      status: range === null ? 200 : 206,
      headers: { ...headers, ...part },
      body: Readable.from(body, { objectMode: false }),
    }
  })

/** Users' files are never to run in the gateway's name. */
const headersOf = (info: BlobInfo): Readonly<Record<string, string>> => ({
  "content-type": info.contentType,
  "content-disposition": "attachment",
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "accept-ranges": "bytes",
})

/** One range of a header, cut to the size; null where there is none to honour. */
const rangeOf = (header: string | undefined, size: number): Required<ByteRange> | null | "unsatisfiable" => {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "")
  const [, first = "", last = ""] = match ?? []
  if (match === null || (first === "" && last === "")) return null
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1)
  return start < end ? { start, end } : "unsatisfiable"
}

const statusOf = {
  signature: 403,
  expired: 403,
  "content-type": 403,
  "too-large": 413,
  checksum: 400,
  key: 400,
  upload: 404,
  parts: 400,
} as const satisfies Record<UploadRefused["reason"], number>

const answerOf = (fault: Fault): Answer => {
  const body = { detail: fault.message }
  if (fault instanceof UploadRefused) return { status: statusOf[fault.reason], body }
  return { status: fault instanceof BlobNotFound ? 404 : 503, body }
}
