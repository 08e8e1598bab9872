/** The gateway's few REST routes, with errors in the shape of the reference's framework. */
import { Effect, Result } from "effect"
import type { FastifyInstance, FastifyReply } from "fastify"
import { type BlobStore, BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import { blobPathProblem, bytesOf, hasControl, runIdProblem } from "../../domain/limits.ts"
import type { IngestGatewayOptions } from "./options.ts"

/** One thing wrong with a request: what kind, where, in words, and what was sent. */
interface Detail {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly input: unknown
}

interface PresignRequest {
  readonly run_id: string
  readonly artifact_path: string
  readonly content_type: string
}

export const restRoutes = (server: FastifyInstance, blobs: BlobStore["Service"], options: IngestGatewayOptions): void => {
  server.get("/api/v1/rest/version/", async () => ({ version: options.version, component: "frontier" }))
  server.post("/api/v1/rest/artifacts/presign", async (request, reply) => {
    const asked = presignRequest(request.body, options)
    if (Array.isArray(asked)) return reply.code(422).send({ detail: asked })
    const { run_id, artifact_path, content_type } = asked as PresignRequest
    const key = `${run_id}/${artifact_path}`
    const terms = { contentType: content_type, expiresInSeconds: options.uploadSeconds, maxBytes: options.uploadBytes }
    const signed = await Effect.runPromise(Effect.result(blobs.signUpload(key, terms)))
    if (Result.isSuccess(signed)) return { upload_url: signed.success.url, s3_key: key, headers: signed.success.headers }
    const { message } = signed.failure
    if (signed.failure instanceof BlobStoreUnavailable) return reply.code(503).send({ detail: message })
    return reply
      .code(422)
      .send({ detail: [{ type: "value_error", loc: ["body", "artifact_path"], msg: message, input: artifact_path }] })
  })
  server.setNotFoundHandler((request, reply) => notFound(server, request.method, request.url, reply))
  server.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status === 400 || status === 415) return reply.code(422).send({ detail: [jsonDetail(error.message)] })
    return reply.code(status).send({ detail: status < 500 ? error.message : "Internal Server Error" })
  })
}

const presignRequest = (body: unknown, options: IngestGatewayOptions): PresignRequest | readonly Detail[] => {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return [{ type: "model_attributes_type", loc: ["body"], msg: "Expected an object", input: body ?? null }]
  const fields: Readonly<Record<string, unknown>> = { content_type: "application/octet-stream", ...body }
  const details = ["run_id", "artifact_path", "content_type"].flatMap((name) => fieldDetails(name, fields, body))
  if (details.length > 0) return details
  // All three were found to be strings.
  const asked = fields as unknown as PresignRequest
  const problems: readonly (readonly [string, string | null])[] = [
    ["run_id", runIdProblem(asked.run_id, options.limits)],
    ["artifact_path", blobPathProblem(asked.artifact_path, options.limits)],
    ["content_type", contentTypeProblem(asked.content_type)],
  ]
  const wrong = problems.flatMap(([name, msg]) =>
    msg === null ? [] : [{ type: "value_error", loc: ["body", name], msg, input: String(fields[name]).slice(0, 200) }],
  )
  return wrong.length > 0 ? wrong : asked
}

const fieldDetails = (name: string, fields: Readonly<Record<string, unknown>>, body: object): readonly Detail[] => {
  const value = fields[name]
  if (typeof value === "string") return []
  if (value === undefined) return [{ type: "missing", loc: ["body", name], msg: "Field required", input: body }]
  return [{ type: "string_type", loc: ["body", name], msg: "Expected a string", input: value }]
}

const contentTypeProblem = (contentType: string): string | null =>
  hasControl(contentType) || bytesOf(contentType) > 256 ? "content_type has control characters or more than 256 bytes" : null

const jsonDetail = (message: string): Detail => ({
  type: "json_invalid",
  loc: ["body", 0],
  msg: `JSON decode error: ${message}`,
  input: {},
})

/** What is routed here. */
const methods = ["GET", "POST", "PUT"] as const

/** A path that is known with its final slash added or taken away is answered by sending the client there. */
const notFound = (server: FastifyInstance, method: string, target: string, reply: FastifyReply): FastifyReply => {
  const [path = "", ...query] = target.split("?")
  const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`
  // The router reads an address as a route's pattern, and throws where it is a wrong one.
  const hasRoute = (method: string, url: string): boolean => !/[*:()]/.test(url) && server.hasRoute({ method, url })
  const isElsewhere = methods.some((other) => other !== method && hasRoute(other, path))
  if (isElsewhere) return reply.code(405).send({ detail: "Method Not Allowed" })
  const known = path !== "/" && !path.startsWith("//") && hasRoute(method === "POST" ? "POST" : "GET", other)
  if (!known) return reply.code(404).send({ detail: "Not Found" })
  return reply.redirect([other, ...query].join("?"), 307)
}
