import { Effect } from "effect"
import { RegistryUnavailable, SchemaIncompatible } from "../../domain/ports/schema-registry.ts"
import { type Asking, patiently } from "./asking.ts"
import type { RegistryFault } from "./client.ts"

/** What a subject may be set to so that each new schema reads what the latest one wrote. */
const backward = /^(BACKWARD|FULL)(_TRANSITIVE)?$/

/** Registers a schema under a subject that demands BACKWARD; waits while the registry is away. */
export const registered = (
  asking: Asking,
  subject: string,
  schema: string,
): Effect.Effect<number, RegistryUnavailable | SchemaIncompatible> =>
  patiently(asking, underBackward(asking, subject, schema), ({ passing }) => passing).pipe(
    Effect.mapError((fault) => refusal(fault, subject)),
  )

const underBackward = (asking: Asking, subject: string, schema: string): Effect.Effect<number, RegistryFault> =>
  Effect.gen(function* () {
    const { client, alarm } = asking
    const level = yield* Effect.catchIf(client.compatibility(subject), isRefused, () => Effect.succeed(null))
    // A stricter rule that somebody set stays. Some registries take a rule only for a subject that exists: set again, after.
    const isSet = level !== null && backward.test(level)
    const refused = isSet ? null : yield* setBackward(asking, subject)
    const id = yield* client.register(subject, schema)
    const stillRefused = refused === null ? null : yield* setBackward(asking, subject)
    if (stillRefused !== null)
      yield* alarm.raise("compatibility", "the schema registry does not let us demand BACKWARD", stillRefused)
    return id
  })

/** Null, or why the registry refuses. */
const setBackward = ({ client }: Asking, subject: string): Effect.Effect<string | null, RegistryFault> =>
  client.setBackward(subject).pipe(
    Effect.as(null),
    Effect.catchIf(isRefused, ({ message }) => Effect.succeed(message)),
  )

const isRefused = ({ passing }: RegistryFault): boolean => !passing

const refusal = ({ message, status, cause }: RegistryFault, subject: string): RegistryUnavailable | SchemaIncompatible => {
  if (status === 409) return new SchemaIncompatible({ message: `the registry refuses it as incompatible: ${message}`, subject })
  if (status === 422) return new SchemaIncompatible({ message: `the registry refuses it as invalid: ${message}`, subject })
  const reason = status === 404 ? `${message} (404); is the path of SCHEMA_REGISTRY_URL right?` : message
  return new RegistryUnavailable({ message: `a schema cannot be registered: ${reason}`, cause })
}
