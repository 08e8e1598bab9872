/** How the query gateway says no: the envelope that clients know, and beside it a `message` that the web UI shows. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { positionName } from "../../domain/positions.ts"
import { CommandBuried, OutcomeUnknown } from "../dispatch.ts"

/** Where a query's syntax is wrong, for the web UI to point at. */
export interface SyntaxPlace {
  readonly statement: string
  readonly line: number
  readonly offset: number
}

/** Thrown by a route to end a request with a 4xx or 5xx. `said` is the top-level `message`, by default the same text. */
export class HttpFault extends Error {
  readonly status: number
  readonly said: string
  readonly place: SyntaxPlace | undefined
  /** What programs know it by; told by the status where it is not said. */
  readonly code: string | undefined

  constructor(status: number, message: string, said = message, place?: SyntaxPlace, code?: string) {
    super(message)
    this.status = status
    this.said = said
    this.place = place
    this.code = code
  }
}

/** 404; `what` tells whoever reads `message` what there is none of. */
export const notFound = (what: string): HttpFault => new HttpFault(404, "Not Found", what)

/** 400, in words that name the parameter. */
export const badRequest = (message: string): HttpFault => new HttpFault(400, message)

/** 422 for a parameter or field of the wrong type; the envelope has only the text, `message` also the name. */
export const invalid = (name: string, text: string): HttpFault => new HttpFault(422, text, `${name}: ${text}`)

/** 503: what the gateway stands on is away for now. */
export const unavailable = (message: string): HttpFault => new HttpFault(503, message)

/** Faults of the ports that pass by themselves. */
const passing: ReadonlySet<string> = new Set(["StoreUnavailable", "LogUnavailable", "BlobStoreUnavailable"])

const codes: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  410: "gone",
  422: "validation_error",
  500: "internal_error",
}

/** Answers every error of the server in the one envelope; unknown routes and wrong methods in the short form of old. */
export const answerErrors = (server: FastifyInstance): void => {
  const routes = knownRoutes(server)
  server.setErrorHandler((error: FastifyError | HttpFault, request, reply) => sendFault(faultOf(error, request), reply))
  server.setNotFoundHandler(async (request, reply) => {
    const methods = routes(pathOf(request.url))
    if (methods.length === 0) return reply.code(404).send({ detail: "Not Found", message: noRoute(pathOf(request.url)) })
    reply.code(405).header("allow", methods.join(", "))
    return reply.send({ detail: "Method Not Allowed", message: `${request.method} is not one of ${methods.join(", ")}` })
  })
}

/** Whoever took the one gateway for the other is told so. */
const noRoute = (path: string): string =>
  path.startsWith("/api/v1/ws/") || path.startsWith("/api/v1/rest/artifacts/")
    ? `no route ${path}: runs are logged to the ingestion gateway, which has an address of its own (port 53801 by default)`
    : `no route ${path}`

const sendFault = (fault: HttpFault, reply: FastifyReply): FastifyReply => {
  if (fault.status === 503) reply.header("retry-after", "1")
  // What a failed route has set for its own answer is not that of this one.
  for (const name of ["content-disposition", "content-length", "accept-ranges"]) reply.removeHeader(name)
  return reply
    .code(fault.status)
    .type("application/json; charset=utf-8")
    .send({
      error: { code: fault.code ?? codes[fault.status] ?? "error", message: fault.message },
      detail: fault.place ?? fault.message,
      message: fault.said,
    })
}

const outcomeUnknown = ({ cause }: OutcomeUnknown): string =>
  `The log did not answer${cause instanceof Error ? ` (${cause.message})` : ""}: the change may have been made, or may be yet. Look before you send it again; docs/api.md tells what is safe to repeat`

const faultOf = (error: FastifyError | HttpFault, request: FastifyRequest): HttpFault => {
  if (error instanceof HttpFault) return error
  if ("_tag" in error && typeof error._tag === "string" && passing.has(error._tag)) {
    request.log.warn({ error }, "a request met a fault that passes")
    return unavailable("Service unavailable, try again")
  }
  if (error instanceof OutcomeUnknown) {
    request.log.warn({ error }, "the log does not say whether it has a command")
    const text = outcomeUnknown(error)
    return new HttpFault(503, text, text, undefined, "outcome_unknown")
  }
  if (error instanceof CommandBuried) {
    const message = `The change is in the log at ${positionName(error.position)}, but cannot be applied: ${error.message}`
    return new HttpFault(500, message, message, undefined, "dead_letter")
  }
  if ("_tag" in error && error._tag === "EventTooLarge") return new HttpFault(413, error.message)
  const status = "statusCode" in error ? error.statusCode : undefined
  if (status !== undefined && status >= 400 && status < 500) return new HttpFault(status, error.message)
  request.log.error({ error }, "a request failed")
  return new HttpFault(500, "Internal server error")
}

/** Remembers the routes that are added from now on; answers the methods that a path takes. */
const knownRoutes = (server: FastifyInstance): ((path: string) => readonly string[]) => {
  const known = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  server.addHook("onRoute", ({ url, method }) => {
    const methods = typeof method === "string" ? [method] : method
    // The CORS plugin's own route is for any path, and is none of ours.
    if (url.includes("*")) return
    const route = known.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() }
    for (const name of methods) route.methods.add(name)
    known.set(url, route)
  })
  return (path) => [
    ...new Set([...known.values()].filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods])),
  ]
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/\/$/, "")
      .split("/")
      .map((part) => (part.startsWith(":") ? "[^/]+" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")))
      .join("/")}/?$`,
  )

const pathOf = (url: string): string => url.split("?", 1)[0] ?? url
