import { Effect } from "effect"
import { SchemaNotFound } from "../../domain/ports/schema-registry.ts"
import { type Asking, patiently } from "./asking.ts"
import { RegistryFault } from "./client.ts"
import { patience } from "./patience.ts"

/**
 * Asks for schemas that are not known here. A registry that is away is waited for as long as it takes. One that says "no such
 * id" is asked again for a limited time: schemas are registered before the first event that bears them, so only a replica
 * that lags can be wrong about it, and a reader must not be held up for ever by an id that somebody made up.
 */
export const unknownSchemas = (
  asking: Asking,
  ours: () => number | undefined,
): ((id: number) => Effect.Effect<string, SchemaNotFound>) => {
  const { timeouts, alarm } = asking
  const left = patience(timeouts.unknown, () => performance.now() / 1000)
  const asked = (id: number) => Effect.orDie(patiently(asking, vouched(asking, id, ours), () => true))
  return (id) => {
    const kind = `schema ${id}`
    const waited = Effect.gen(function* () {
      const most = left.secondsLeft()
      for (let seconds = 0; ; seconds += timeouts.again) {
        const text = yield* asked(id)
        if (text !== null) return text
        if (seconds >= most) {
          left.spend(seconds)
          return yield* Effect.fail(new SchemaNotFound({ message: "the registry knows no schema of this id", id }))
        }
        yield* alarm.raise(kind, "an event names a schema that the registry does not know, and its reader waits", kind)
        yield* Effect.sleep(`${timeouts.again} seconds`)
      }
    })
    return Effect.ensuring(waited, alarm.clear(kind))
  }
}

/** The schema, or null where a registry says so that still knows one of ours: an emptied one must not speak for the log. */
const vouched = ({ client }: Asking, id: number, ours: () => number | undefined): Effect.Effect<string | null, RegistryFault> =>
  Effect.gen(function* () {
    const text = yield* client.schemaById(id)
    const known = ours()
    if (text !== null || known === undefined || (yield* client.schemaById(known)) !== null) return text
    const message = "it does not know the schemas any more that it gave ids to"
    return yield* Effect.fail(new RegistryFault({ message, status: 404, passing: true, cause: null }))
  })
