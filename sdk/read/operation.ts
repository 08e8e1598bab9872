/** The types of asking for an operation of the API by its name, and what a name tells of how it is asked. */
import type { Operations } from "./api-types.ts"
import { MatyanError } from "./errors.ts"

/** A method and a path, such as `GET /runs/{id}/info`. */
export type OperationName = keyof Operations

/** What any request may be told beside what its operation takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

type GivenOf<O extends OperationName> = Operations[O] extends { readonly given: infer G } ? G : unknown

/** What an operation is given: what stands in its path, query, headers and body. */
export type Given<O extends OperationName> = GivenOf<O> & CallOptions

/** Nothing needs to be given where nothing has to be. */
export type GivenTo<O extends OperationName> = object extends Given<O> ? [given?: Given<O>] : [given: Given<O>]

type Forms = "json" | "accepted" | "tree" | "text" | "nothing"

/** What an operation answers; what has no end or is large is answered as it comes. */
export type AnswerOf<O extends OperationName> =
  | Operations[O][keyof Operations[O] & Forms]
  | (Operations[O] extends { readonly raw: unknown } | { readonly events: unknown } ? Response : never)

/** What a request is made of, whatever the operation. */
export interface Asked {
  readonly path?: object
  readonly query?: object
  readonly headers?: object
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** The method that an operation begins with. */
export const methodOf = (operation: OperationName): string => operation.slice(0, operation.indexOf(" "))

/** Whether an operation changes nothing, so that it may be repeated. */
export const isRead = (operation: OperationName): boolean =>
  operation.startsWith("GET ") || /\/(series|get-batch|get-step|align)$/.test(operation)

/** Whether its answer is handed on as it comes: streams, frames and files. */
export const isRaw = (operation: OperationName): boolean =>
  /\/(stream|runs\/series|artifacts\/download|artifacts\/download-all)$/.test(operation)

/** The path and query of a request; throws where what is to stand in the path would lead elsewhere. */
export const addressOf = (operation: OperationName, { path = {}, query = {} }: Asked): string => {
  const given = new Map<string, unknown>(Object.entries(path))
  const filled = operation.slice(operation.indexOf(" ") + 1).replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const text = String(given.get(name) ?? "")
    if (["", ".", ".."].includes(text))
      throw new MatyanError(`${operation} needs a ${name}, and '${text}' is none`, { code: "bad_request" })
    return encodeURIComponent(text.toWellFormed())
  })
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query) as readonly (readonly [string, unknown])[])
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (one !== undefined && one !== null) parameters.append(name, String(one))
  const text = parameters.toString()
  return `${ofServer.test(filled) ? "" : prefix}${filled}${text === "" ? "" : `?${text}`}`
}

const prefix = "/api/v1/rest"
/** What is told of the server itself stands beside the API. */
const ofServer = /^\/($|health\/|metrics$|openapi\.json$|docs($|\/))/
