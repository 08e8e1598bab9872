/** Uploads in parts, for large artifacts: begun, each part uploaded by an address of its own, completed or given up. */
import { Effect } from "effect"
import type { FastifyInstance, FastifyReply } from "fastify"
import { partCount } from "../../domain/part-plan.ts"
import { type BlobStore, BlobStoreUnavailable, UploadRefused } from "../../domain/ports/blob-store.ts"
import { beginRequest, completeRequest, signRequest, type Target, uploadRequest } from "./multipart-requests.ts"
import type { IngestGatewayOptions } from "./options.ts"
import type { Detail } from "./request-fields.ts"

type Fault = BlobStoreUnavailable | UploadRefused

/** Ten thousand parts with their ETags. */
const completeBodyBytes = 2 * 2 ** 20

export const multipartRoutes = (
  server: FastifyInstance,
  { parts }: BlobStore["Service"],
  options: IngestGatewayOptions,
): void => {
  const route = <A extends Target>(
    path: string,
    read: (body: unknown, options: IngestGatewayOptions) => A | readonly Detail[],
    act: (asked: A, key: string) => Effect.Effect<object, Fault>,
    bodyLimit?: number,
  ): void => {
    const limits = bodyLimit === undefined ? {} : { bodyLimit }
    server.post(`/api/v1/rest/artifacts/multipart${path}`, limits, async (request, reply) => {
      const asked = read(request.body, options)
      if (!("run_id" in asked)) return reply.code(422).send({ detail: asked })
      const done = act(asked, keyOf(asked)).pipe(Effect.catch((fault) => Effect.sync(() => refuse(reply, fault, asked))))
      return Effect.runPromise(done)
    })
  }
  route("", beginRequest, ({ content_type, bytes, part_bytes, part_sha256 }, key) =>
    Effect.map(
      parts.begin(key, { contentType: content_type, bytes, partBytes: part_bytes, hasChecksums: part_sha256 }),
      (upload_id) => ({ upload_id, s3_key: key, part_bytes, parts: partCount({ bytes, partBytes: part_bytes }) }),
    ),
  )
  route("/parts", signRequest, ({ upload_id, parts: asked }, key) =>
    Effect.map(
      Effect.forEach(asked, ({ number, sha256 }) => {
        const terms = { number, expiresInSeconds: options.uploadSeconds, ...(typeof sha256 === "string" ? { sha256 } : {}) }
        const signed = parts.sign({ key, id: upload_id }, terms)
        return Effect.map(signed, ({ url, headers }) => ({ number, upload_url: url, headers }))
      }),
      (signed) => ({ parts: signed }),
    ),
  )
  route(
    "/complete",
    completeRequest,
    ({ upload_id, parts: uploaded }, key) =>
      Effect.map(parts.complete({ key, id: upload_id }, uploaded, options.multipartBytes), ({ size }) => ({
        s3_key: key,
        bytes: size,
      })),
    completeBodyBytes,
  )
  route("/abort", uploadRequest, ({ upload_id }, key) => Effect.as(parts.abort({ key, id: upload_id }), { s3_key: key }))
}

const keyOf = ({ run_id, artifact_path }: Target): string => `${run_id}/${artifact_path}`

const refuse = (reply: FastifyReply, fault: Fault, asked: Target): FastifyReply => {
  if (fault instanceof BlobStoreUnavailable) return reply.code(503).send({ detail: fault.message })
  if (fault.reason === "upload") return reply.code(404).send({ detail: fault.message })
  const [field, input] = fault.reason === "key" ? ["artifact_path", asked.artifact_path] : ["parts", null]
  return reply.code(422).send({ detail: [{ type: "value_error", loc: ["body", field], msg: fault.message, input }] })
}
