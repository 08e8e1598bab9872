import { Data, Effect, type Scope } from "effect"
import { type Asking, patiently } from "./asking.ts"
import { mostRequests, RegistryFault } from "./client.ts"
import { fingerprintOf, type KeptId } from "./kept-ids.ts"

/** The registry does not give the schemas that it once gave ids to: events in the log would be read with wrong ones. */
export class RegistryExchanged extends Data.TaggedError("RegistryExchanged")<{ readonly message: string; readonly id: number }> {}

/** Asks for the schema of each kept id, and writes nothing: an emptied registry would hand out the same numbers anew. */
export const confirmed = ({ client }: Asking, ids: readonly KeptId[]): Effect.Effect<void, RegistryFault | RegistryExchanged> =>
  Effect.forEach(
    ids,
    ({ subject, schema, id }) =>
      Effect.flatMap(client.schemaById(id), (text) => {
        if (text !== null && fingerprintOf(text) === schema) return Effect.void
        const found = text === null ? "knows no such id" : "has another schema there"
        return Effect.fail(new RegistryExchanged({ message: `schema ${id} is of ${subject}, but the registry ${found}`, id }))
      }),
    { concurrency: mostRequests, discard: true },
  )

/**
 * Confirms the ids from an earlier start. Where the registry is away they serve as they are, and it is asked in the background
 * until it answers; should it then turn out to be exchanged, they still serve, since the log's events bear them, with an alarm.
 */
export const confirmSoon = (asking: Asking, ids: readonly KeptId[]): Effect.Effect<void, RegistryExchanged, Scope.Scope> =>
  confirmed(asking, ids).pipe(
    Effect.timeoutOrElse({ duration: `${asking.timeouts.start} seconds`, orElse: () => Effect.fail(tooSlow) }),
    Effect.catchTag("RegistryFault", ({ message }) =>
      asking.alarm.raise("away", away, message).pipe(Effect.andThen(Effect.forkScoped(confirmLater(asking, ids))), Effect.asVoid),
    ),
  )

const away = "the schema registry is away, and ids kept from an earlier start serve"

const tooSlow = new RegistryFault({ message: "it answers too slowly", status: null, passing: true, cause: null })

const confirmLater = (asking: Asking, ids: readonly KeptId[]): Effect.Effect<void> => {
  const { alarm, timeouts } = asking
  const attempt: Effect.Effect<void> = Effect.sleep(`${timeouts.again} seconds`).pipe(
    Effect.andThen(patiently(asking, confirmed(asking, ids), () => true, away)),
    Effect.catch(({ message }) => Effect.andThen(alarm.raise("exchanged", exchanged, message), attempt)),
  )
  return Effect.andThen(attempt, alarm.clear("exchanged"))
}

export const exchanged = "the schema registry was emptied or exchanged"
