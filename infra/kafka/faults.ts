import { LogUnavailable } from "../../domain/ports/event-log.ts"

/** Records that were to be read are not there any more, or are not yet though they were. They are never gone past. */
export class RecordsMissing extends Error {}

/** We ended the connection ourselves. */
export class LinkClosed extends Error {}

/** The type of a protocol error, such as `NOT_LEADER_FOR_PARTITION`, wherever in the chain of causes it is told. */
export const faultType = (error: unknown): string | undefined => {
  for (let each = error; each instanceof Error; each = each.cause)
    if ("type" in each && typeof each.type === "string") return each.type
  return undefined
}

/** What time does not mend. */
const hopeless: ReadonlySet<string | undefined> = new Set([
  "OFFSET_OUT_OF_RANGE",
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_VERSION",
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "DUPLICATE_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_RECORD",
  "INVALID_SESSION_TIMEOUT",
  "INVALID_GROUP_ID",
  "INCONSISTENT_GROUP_PROTOCOL",
])

export const isHopeless = (error: unknown): boolean =>
  error instanceof RecordsMissing ||
  error instanceof LinkClosed ||
  hopeless.has(faultType(error)) ||
  (error instanceof Error && error.name === "KafkaJSSASLAuthenticationError")

export const isTooLarge = (error: unknown): boolean =>
  faultType(error) === "MESSAGE_TOO_LARGE" || faultType(error) === "RECORD_LIST_TOO_LARGE"

export const unavailable =
  (message: string) =>
  (cause: unknown): LogUnavailable =>
    cause instanceof LogUnavailable ? cause : new LogUnavailable({ message: `${message}: ${textOf(cause)}`, cause })

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
