import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import { createRequire } from "node:module"
import type * as api from "@kafkajs/confluent-schema-registry/dist/api/index.js"
import { Data, Effect } from "effect"
import type { ConfluentOptions } from "./options.ts"

// A CommonJS file with a default export, which Node and the test runner import in two ways.
const { default: restClient } = createRequire(import.meta.url)(
  "@kafkajs/confluent-schema-registry/dist/api/index.js",
) as typeof api.default

/** A request failed. `passing` where another may succeed without anybody's doing; `status` is null where nobody answered. */
export class RegistryFault extends Data.TaggedError("RegistryFault")<{
  readonly message: string
  readonly status: number | null
  readonly passing: boolean
  readonly cause: unknown
}> {}

/** The requests we make, by the names of the Confluent REST API. */
export interface RegistryClient {
  /** The compatibility that is set for the subject itself; null where none is. */
  readonly compatibility: (subject: string) => Effect.Effect<string | null, RegistryFault>
  readonly setBackward: (subject: string) => Effect.Effect<void, RegistryFault>
  readonly register: (subject: string, schema: string) => Effect.Effect<number, RegistryFault>
  /** The text of a schema; null where the registry says that it has none of this id. */
  readonly schemaById: (id: number) => Effect.Effect<string | null, RegistryFault>
  readonly close: () => void
}

/** Requests under way at once, which is also how many connections are kept. */
export const mostRequests = 8

/**
 * The REST client within the library: its class on top hides the schemas' text and sets a subject's compatibility only after
 * the first registration.
 */
export const registryClient = ({ url, auth }: ConfluentOptions, requestSeconds: number): RegistryClient => {
  const host = url.replace(/\/+$/, "")
  const agent = new (host.startsWith("https:") ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: mostRequests })
  // Retrying is the adapter's: it knows what may be waited for.
  const rest = restClient({ host, agent, clientId: "matyan", retry: { retries: 0 }, ...(auth === undefined ? {} : { auth }) })
  const ask = <A>(request: (signal: AbortSignal) => Promise<unknown>, read: (answer: unknown) => A) =>
    Effect.tryPromise({ try: request, catch: faultOf }).pipe(
      // The client has a time-out too, but a connection that is lost within an answer never settles its promise.
      Effect.timeoutOrElse({ duration: `${requestSeconds} seconds`, orElse: () => Effect.fail(silent(requestSeconds)) }),
      Effect.flatMap((answer) => Effect.try({ try: () => read((answer as Answer).data()), catch: strange })),
    )
  return {
    compatibility: (subject) =>
      ask((signal) => rest.Subject.config({ subject, signal }), textIn("compatibilityLevel")).pipe(absentIsNull),
    setBackward: (subject) =>
      Effect.asVoid(
        ask(
          (signal) => rest.Subject.updateConfig({ subject, signal, body: { compatibility: "BACKWARD" } }),
          () => null,
        ),
      ),
    register: (subject, schema) => ask((signal) => rest.Subject.register({ subject, signal, body: { schema } }), idIn),
    schemaById: (id) => ask((signal) => rest.Schema.find({ id, signal }), textIn("schema")).pipe(absentIsNull),
    close: () => agent.destroy(),
  }
}

interface Answer {
  readonly data: () => unknown
}

const absentIsNull = <A>(asked: Effect.Effect<A, RegistryFault>): Effect.Effect<A | null, RegistryFault> =>
  Effect.catchIf(
    asked,
    ({ status, passing }) => status === 404 && !passing,
    () => Effect.succeed(null),
  )

const memberOf = (answer: unknown, name: string): unknown =>
  typeof answer === "object" && answer !== null ? (answer as Readonly<Record<string, unknown>>)[name] : undefined

const textIn =
  (name: string) =>
  (answer: unknown): string => {
    const text = memberOf(answer, name)
    if (typeof text !== "string") throw new Error(`the answer has no ${name}`)
    return text
  }

const idIn = (answer: unknown): number => {
  const id = memberOf(answer, "id")
  if (typeof id !== "number" || !isSchemaId(id)) throw new Error("the answer has no id")
  return id
}

/** Ids are positive 32-bit integers: nothing else was ever given. */
export const isSchemaId = (id: number): boolean => Number.isInteger(id) && id > 0 && id < 2 ** 31

const silent = (seconds: number): RegistryFault =>
  new RegistryFault({ message: `no answer within ${seconds} s`, status: null, passing: true, cause: null })

/** It answered, but not as a registry does: something else stands at its address for now. */
const strange = (cause: unknown): RegistryFault =>
  new RegistryFault({ message: messageOf(cause), status: null, passing: true, cause })

const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429])

const faultOf = (cause: unknown): RegistryFault => {
  const said = messageOf(cause).replace(/^matyan - /, "")
  const status = memberOf(cause, "status")
  if (typeof status !== "number") return new RegistryFault({ message: said, status: null, passing: true, cause })
  if (status === 401 || status === 403) return new RegistryFault({ message: denied(status), status, passing: false, cause })
  // So the client words an answer that has no message of a registry's: a proxy's, or none at all, which it gives status 400.
  const [foreign, text = ""] = /^Error, status \d+(?:: (.*))?$/s.exec(said) ?? []
  const passing = foreign !== undefined || status >= 500 || passingStatuses.has(status)
  return new RegistryFault({ message: foreign === undefined ? said : unlike(status, text), status, passing, cause })
}

const unlike = (status: number, text: string): string =>
  status === 400 ? text || "it cannot be reached" : `HTTP ${status}, but not a registry's answer; is the path of its URL right?`

const denied = (status: number): string =>
  status === 401
    ? "the registry wants other credentials (401); set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD"
    : "the registry forbids this to our user (403); let it read and write subjects and their compatibility"

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
