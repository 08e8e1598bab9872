/** How reading fails: one class, told apart by its code. */
import type { Refusal, SyntaxPlace } from "./api-types.ts"

/**
 * What programs tell errors apart by. The server's own: `bad_request`, `not_found`, `conflict`, `gone`, `validation_error`,
 * `behind` (a position that was asked for is not visible in time), `outcome_unknown` (a change may have been made, or may be
 * yet), `dead_letter`, `internal_error`, `error`. The client's: `network` (no answer came), `cut` (one ended before its end),
 * `malformed` (one cannot be read), `changed` (a file is another than it was when its download began).
 */
export type ErrorCode =
  | "bad_request"
  | "not_found"
  | "conflict"
  | "gone"
  | "validation_error"
  | "behind"
  | "outcome_unknown"
  | "dead_letter"
  | "internal_error"
  | "error"
  | "network"
  | "cut"
  | "malformed"
  | "changed"
  | (string & {})

interface About {
  readonly code: ErrorCode
  readonly status?: number
  readonly detail?: string | SyntaxPlace | null
  readonly position?: string | null
  readonly retryAfter?: number
  readonly cause?: unknown
}

/**
 * Whatever the server refused, or the network did. Aborted requests are none: they reject with what the signal was aborted
 * with, an `AbortError` as a rule.
 */
export class MatyanError extends Error {
  override readonly name = "MatyanError"
  readonly code: ErrorCode
  /** The HTTP status; 0 where no answer came. */
  readonly status: number
  /** What the server says of it; of a query that cannot be read, where in it. */
  readonly detail: string | SyntaxPlace | null
  /** Where in the log a change stands of which the answer is an error, as `topic/partition/offset`. */
  readonly position: string | null
  /** Seconds after which the server says to ask again; 0 where it does not. */
  readonly retryAfter: number

  constructor(message: string, { code, status = 0, detail = null, position = null, retryAfter = 0, cause }: About) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.status = status
    this.detail = detail
    this.position = position
    this.retryAfter = retryAfter
  }
}

/** The error that an answer tells, be it the server's or that of a proxy before it. */
export const errorOf = async (response: Response, asked: string): Promise<MatyanError> => {
  const text = await response.text().catch(() => "")
  const { status, headers } = response
  const told = envelopeIn(text)
  // Where a query cannot be read, the message proper is in the envelope: the other is a mark for the web UI.
  const said =
    (typeof told?.detail === "object" ? told.error?.message : told?.message) ??
    (text.length < 200 && !text.startsWith("<") ? text : "")
  return new MatyanError(`${asked} answered ${status}: ${said === "" ? response.statusText : said}`, {
    code: told?.error?.code ?? codes[status] ?? "error",
    status,
    detail: told?.detail ?? null,
    position: headers.get("x-matyan-position"),
    retryAfter: Number(headers.get("retry-after") ?? 0) || 0,
  })
}

type Envelope = Partial<Refusal>

const envelopeIn = (text: string): Envelope | null => {
  try {
    const json: unknown = JSON.parse(text)
    // Whatever stands there is only shown.
    return typeof json === "object" ? (json as Envelope | null) : null
  } catch {
    return null
  }
}

/** Where the answer is that of a proxy, or in the short form of unknown routes. */
const codes: Readonly<Record<number, ErrorCode>> = { 400: "bad_request", 404: "not_found", 409: "conflict", 410: "gone" }

/** What came of a failed fetch or read: the reason of the signal where that ended it, else an error of ours. */
export const failureOf = (error: unknown, code: "network" | "cut", asked: string, signal?: AbortSignal): unknown => {
  if (signal?.aborted === true) return signal.reason
  if (error instanceof MatyanError || isAbort(error)) return error
  if (error instanceof SyntaxError)
    return new MatyanError(`${asked} answered what cannot be read: ${error.message}`, { code: "malformed", cause: error })
  const why = error instanceof Error ? error.message : String(error)
  const what = code === "network" ? "could not be asked" : "was cut off"
  return new MatyanError(`${asked} ${what}: ${why}`, { code, cause: error })
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError"
