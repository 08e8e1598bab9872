/** The gateway's few REST routes, with errors in the shape of the reference's framework. */
import { Effect, Result } from "effect"
import type { FastifyInstance, FastifyReply } from "fastify"
import { type BlobStore, BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import { multipartRoutes } from "./multipart.ts"
import { contentTypeField, targetFields } from "./multipart-requests.ts"
import type { IngestGatewayOptions } from "./options.ts"
import { type Detail, fieldsOf, optionalText, sha256Problem } from "./request-fields.ts"

interface PresignRequest {
  readonly run_id: string
  readonly artifact_path: string
  readonly content_type: string
  readonly sha256: string | null
}

export const restRoutes = (server: FastifyInstance, blobs: BlobStore["Service"], options: IngestGatewayOptions): void => {
  server.get("/api/v1/rest/version/", async () => ({ version: options.version, component: "frontier" }))
  server.post("/api/v1/rest/artifacts/presign", async (request, reply) => {
    const asked = presignRequest(request.body, options)
    if (!("run_id" in asked)) return reply.code(422).send({ detail: asked })
    const { run_id, artifact_path, content_type, sha256 } = asked
    const key = `${run_id}/${artifact_path}`
    const { uploadSeconds: expiresInSeconds, uploadBytes: maxBytes } = options
    const checksum = sha256 === null ? {} : { sha256: sha256.toLowerCase() }
    const terms = { contentType: content_type, expiresInSeconds, maxBytes, ...checksum }
    const signed = await Effect.runPromise(Effect.result(blobs.signUpload(key, terms)))
    if (Result.isSuccess(signed)) return { upload_url: signed.success.url, s3_key: key, headers: signed.success.headers }
    const { message } = signed.failure
    if (signed.failure instanceof BlobStoreUnavailable) return reply.code(503).send({ detail: message })
    return reply
      .code(422)
      .send({ detail: [{ type: "value_error", loc: ["body", "artifact_path"], msg: message, input: artifact_path }] })
  })
  multipartRoutes(server, blobs, options)
  server.setNotFoundHandler((request, reply) => notFound(server, request.method, request.url, reply))
  server.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status === 400 || status === 415) return reply.code(422).send({ detail: [jsonDetail(error.message)] })
    return reply.code(status).send({ detail: status < 500 ? error.message : "Internal Server Error" })
  })
}

const presignRequest = (body: unknown, { limits }: IngestGatewayOptions): PresignRequest | readonly Detail[] =>
  fieldsOf<PresignRequest>(body, {
    ...targetFields(limits),
    content_type: contentTypeField,
    sha256: optionalText(sha256Problem),
  })

const jsonDetail = (message: string): Detail => ({
  type: "json_invalid",
  loc: ["body", 0],
  msg: `JSON decode error: ${message}`,
  input: {},
})

/** What is routed here. */
const methods = ["GET", "POST", "PUT"] as const

/** What is said to who took this gateway for the other. */
const elsewhere =
  "this is the ingestion gateway: runs are read from the query gateway, which has an address of its own (port 53800 by default)"

/** A path that is known with its final slash added or taken away is answered by sending the client there. */
const notFound = (server: FastifyInstance, method: string, target: string, reply: FastifyReply): FastifyReply => {
  const [path = "", ...query] = target.split("?")
  const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`
  // The router reads an address as a route's pattern, and throws where it is a wrong one.
  const hasRoute = (method: string, url: string): boolean => !/[*:()]/.test(url) && server.hasRoute({ method, url })
  const isElsewhere = methods.some((other) => other !== method && hasRoute(other, path))
  if (isElsewhere) return reply.code(405).send({ detail: "Method Not Allowed" })
  const known = path !== "/" && !path.startsWith("//") && hasRoute(method === "POST" ? "POST" : "GET", other)
  if (!known)
    return reply.code(404).send({ detail: "Not Found", ...(path.startsWith("/api/v1/rest/") && { message: elsewhere }) })
  return reply.redirect([other, ...query].join("?"), 307)
}
