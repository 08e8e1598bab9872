/** A connection to a query gateway: every operation of its API, with retries of reads and typed errors. */
import { treeOf } from "./entries.ts"
import { errorOf, failureOf, MatyanError } from "./errors.ts"
import {
  addressOf,
  type AnswerOf,
  type Asked,
  type Given,
  type GivenTo,
  isRaw,
  isRead,
  methodOf,
  type OperationName,
} from "./operation.ts"
import { backoff, pause } from "./pause.ts"

/** How the server is asked. */
export interface ConnectOptions {
  /** Sent as `Authorization: Bearer …`, for a proxy before the server. */
  readonly token?: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch
  /** How often a read that failed in passing is asked again (4), and milliseconds before the first time (100); false: never. */
  readonly retry?: { readonly times?: number; readonly firstMillis?: number } | false
}

/** An answer that is no error. */
export interface Reply<Body> {
  readonly body: Body
  /** 202: a change stands in the log, but is not visible yet. */
  readonly status: number
  /** Of a change: where in the log it stands, as `topic/partition/offset`, several with commas. */
  readonly position: string | null
  /** How many events of the log the answer does not show yet; null where that is unknown. */
  readonly lag: number | null
  readonly headers: Headers
}

/** A way to one server; it holds nothing open. */
export interface Connection {
  /** Where the server is, without a slash at the end. */
  readonly url: string
  /** How often a read is asked again, and milliseconds before the first time. */
  readonly retries: { readonly times: number; readonly firstMillis: number }
  /** Makes an attempt to read, again and again where it fails in passing; what it has begun is begun anew. */
  readonly retried: <A>(attempt: () => Promise<A>, signal?: AbortSignal) => Promise<A>
  /**
   * Asks for any operation of the API. Rejects with `MatyanError`, or the signal's reason. Reads that fail because the server
   * is away are asked again. Trees of binary answers come as plain objects, series and files as the `Response`.
   */
  readonly request: <O extends OperationName>(operation: O, ...given: GivenTo<O>) => Promise<Reply<AnswerOf<O>>>
  /** The same without reading the answer. */
  readonly open: <O extends OperationName>(
    operation: O,
    given: Given<O>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>
}

/**
 * A connection without the conveniences of `connect`, for whoever bundles only what they use: `runsOf(connectionTo(url))`.
 * `url` is that of the query gateway, with the path below which it is reached where there is one; empty: the page's own.
 */
export const connectionTo = (url: string, options: ConnectOptions = {}): Connection => {
  const { retry, fetch: fetching = (input, init) => fetch(input, init) } = options
  const base = url.replace(/\/+$/, "").replace(/\/api\/v1\/rest$/, "")
  const retries =
    retry === false ? { times: 0, firstMillis: 0 } : { times: retry?.times ?? 4, firstMillis: retry?.firstMillis ?? 100 }
  const always = { ...options.headers, ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }) }

  const send = async (operation: OperationName, asked: Asked, headers: Readonly<Record<string, string>>): Promise<Response> => {
    const response = await fetching(base + addressOf(operation, asked), {
      method: methodOf(operation),
      headers: { ...always, ...headersOf(asked), ...headers },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      ...(asked.signal === undefined ? {} : { signal: asked.signal }),
    }).catch((error: unknown) => {
      throw failureOf(error, "network", operation, asked.signal)
    })
    if (response.ok) return response
    throw await errorOf(response, operation)
  }
  const retried: Connection["retried"] = async (attempt, signal) => {
    for (let failed = 0; ; failed++)
      try {
        return await attempt()
      } catch (error) {
        if (failed >= retries.times || !isPassing(error)) throw error
        const asked = Math.min(error.retryAfter, mostSeconds) * 1_000
        await pause(Math.max(backoff(failed, retries.firstMillis, 5_000), asked), signal)
      }
  }
  const asRead = <A>(operation: OperationName, { signal }: Asked, attempt: () => Promise<A>): Promise<A> =>
    isRead(operation) ? retried(attempt, signal) : attempt()
  return {
    url: base,
    retries,
    retried,
    open: (operation, given, headers = {}) => asRead(operation, given, () => send(operation, given, headers)),
    request: <O extends OperationName>(operation: O, ...[given]: GivenTo<O>) => {
      const asked: Asked = given ?? {}
      return asRead(operation, asked, async () => replyOf<O>(operation, await send(operation, asked, {}), asked.signal))
    },
  }
}

/** Seconds that are waited at most where a server or proxy says to come back later. */
const mostSeconds = 60

/** Whether what failed may succeed a moment later. */
const isPassing = (error: unknown): error is MatyanError =>
  error instanceof MatyanError && (["network", "cut"].includes(error.code) || [429, 502, 503, 504].includes(error.status))

const headersOf = ({ headers = {}, body }: Asked): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  ),
  ...(body === undefined ? {} : { "content-type": "application/json" }),
})

const replyOf = async <O extends OperationName>(
  operation: O,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Reply<AnswerOf<O>>> => {
  const { status, headers } = response
  const body: unknown = await bodyOf(operation, response, signal).catch((error: unknown) => {
    throw failureOf(error, "cut", operation, signal)
  })
  const lag = headers.get("x-matyan-lag")
  return {
    // What the document says is what the server answers: the server's tests hold it to that.
    body: body as AnswerOf<O>,
    status,
    position: headers.get("x-matyan-position"),
    lag: lag === null || lag === "unknown" ? null : Number(lag),
    headers,
  }
}

const bodyOf = async (operation: OperationName, response: Response, signal: AbortSignal | undefined): Promise<unknown> => {
  if (isRaw(operation)) return response
  if (response.status === 204) return undefined
  const type = response.headers.get("content-type") ?? ""
  if (type.includes("json")) return response.json()
  return type.startsWith("application/octet-stream") ? treeOf(response, operation, signal) : response.text()
}
