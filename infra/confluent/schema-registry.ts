import { Effect, Layer, type Scope } from "effect"
import { RegistryUnavailable, SchemaNotFound, SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { registryAlarm } from "./alarm.ts"
import { type Asking, patiently } from "./asking.ts"
import { isSchemaId, registryClient } from "./client.ts"
import { confirmed, confirmSoon, exchanged } from "./confirm.ts"
import { fingerprintOf, keepIds, type KeptId, type KeptIds, readKeptIds } from "./kept-ids.ts"
import { type ConfluentOptions, defaultTimeouts, registryName } from "./options.ts"
import { registered } from "./registering.ts"
import { unknownSchemas } from "./unknown-schemas.ts"

export type { ConfluentOptions } from "./options.ts"

/**
 * A registry that speaks Confluent's REST API. What it answered once is served from memory, and the ids of our schemas are
 * kept in `idsFile`: so it must answer only for what was never registered from here. While it does not, that waits, with an
 * alarm. Fails at the start where its ids are not those in the file, and with the first registration where it refuses us.
 */
export const confluentRegistry = (options: ConfluentOptions): Layer.Layer<SchemaRegistry, RegistryUnavailable> =>
  Layer.effect(
    SchemaRegistry,
    Effect.gen(function* () {
      const timeouts = { ...defaultTimeouts, ...options.timeouts }
      const name = yield* Effect.try({ try: () => registryName(options.url), catch: noAddress })
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => registryClient(options, timeouts.request)),
        ({ close }) => Effect.sync(close),
      )
      const asking: Asking = { client, alarm: registryAlarm(options), timeouts }
      const kept = readKeptIds(options.idsFile)
      yield* confirm(asking, kept, name, options.idsFile)
      return adapter(asking, kept, keeper(asking, name, options.idsFile))
    }),
  )

/** Ids that another registry gave are of no use before this one has confirmed them: it may be the same by another name. */
const confirm = (
  asking: Asking,
  { url, ids }: KeptIds,
  name: string,
  file: string | undefined,
): Effect.Effect<void, RegistryUnavailable, Scope.Scope> => {
  if (ids.length === 0) return Effect.void
  const done =
    url === name
      ? confirmSoon(asking, ids)
      : patiently(asking, confirmed(asking, ids), () => true).pipe(Effect.andThen(keeper(asking, name, file)(ids)))
  return Effect.mapError(
    done,
    (cause) => new RegistryUnavailable({ message: `${exchanged}: ${cause.message}. ${advice(file)}`, cause }),
  )
}

const advice = (file: string | undefined): string =>
  `Events in the log bear the ids in ${file}: bring the registry's data back. Only where the log is new too, delete that file.`

type Keep = (ids: readonly KeptId[]) => Effect.Effect<void>

/** A folder that cannot be written to is told, but the ids serve this process without the file. */
const keeper =
  ({ alarm }: Asking, name: string, file: string | undefined): Keep =>
  (ids) =>
    file === undefined
      ? Effect.void
      : Effect.try({ try: () => keepIds(file, name, ids), catch: String }).pipe(
          Effect.catch((reason) =>
            alarm.raise("file", "the ids of schemas cannot be kept for a start without the registry", reason),
          ),
        )

const adapter = (asking: Asking, kept: KeptIds, keep: Keep): SchemaRegistry["Service"] => {
  const ids = new Map(kept.ids.map((one) => [keyOf(one), one]))
  const texts = new Map<number, string>()
  const ask = unknownSchemas(asking, () => ids.values().next().value?.id)
  return {
    register: (subject, text) =>
      Effect.suspend(() => {
        const schema = fingerprintOf(text)
        const known = ids.get(keyOf({ subject, schema }))
        const id =
          known === undefined
            ? Effect.tap(registered(asking, subject, text), (id) => {
                ids.set(keyOf({ subject, schema }), { subject, schema, id })
                // All of them: processes that share the file begin together, and one may have put an older one in its place.
                return keep([...ids.values()])
              })
            : Effect.succeed(known.id)
        return Effect.tap(id, (id) => Effect.sync(() => texts.set(id, text)))
      }),
    schemaById: (id) =>
      Effect.suspend(() => {
        const known = texts.get(id)
        if (known !== undefined) return Effect.succeed(known)
        if (!isSchemaId(id)) return Effect.fail(new SchemaNotFound({ message: "no registry gives such an id", id }))
        return Effect.tap(ask(id), (text) => Effect.sync(() => texts.set(id, text)))
      }),
  }
}

const keyOf = ({ subject, schema }: Omit<KeptId, "id">): string => `${subject} ${schema}`

const noAddress = (cause: unknown): RegistryUnavailable =>
  new RegistryUnavailable({ message: "the registry's address is not a URL such as http://host:8081", cause })
