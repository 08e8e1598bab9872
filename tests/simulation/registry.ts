/** The schema registry in memory; it may be away. */
import { Effect } from "effect"
import { RegistryUnavailable, SchemaIncompatible, SchemaNotFound, SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { incompatibility } from "../../infra/avro/compatibility.ts"
import { calmWire, type Wire } from "./wire.ts"

/** What is registered: survives whoever asks. */
export class Schemas {
  readonly texts: string[] = []
  readonly subjects = new Map<string, number[]>()
}

export interface RegistryConnection {
  readonly wire?: Wire
  /** Why it does not answer now, or null. */
  readonly away?: () => string | null
}

export const connectRegistry = (
  schemas: Schemas,
  { wire = calmWire, away = () => null }: RegistryConnection = {},
): SchemaRegistry["Service"] => {
  const asked = <A>(act: () => A): Effect.Effect<A, RegistryUnavailable> =>
    Effect.promise(async (): Promise<{ readonly answer: A } | { readonly away: string }> => {
      await wire.arrive()
      const reason = away()
      const answered = reason === null ? { answer: act() } : { away: reason }
      await wire.answer()
      return answered
    }).pipe(
      Effect.flatMap((answered) =>
        "away" in answered ? Effect.fail(new RegistryUnavailable({ message: answered.away })) : Effect.succeed(answered.answer),
      ),
    )

  const registered = (subject: string, schema: string): number | SchemaIncompatible => {
    const ids = schemas.subjects.get(subject) ?? []
    const known = schemas.texts.indexOf(schema) + 1
    if (known > 0 && ids.includes(known)) return known
    const latest = ids.at(-1)
    const reason = incompatibility(schema, latest === undefined ? undefined : schemas.texts[latest - 1])
    if (reason !== null) return new SchemaIncompatible({ message: reason, subject })
    const id = known > 0 ? known : schemas.texts.push(schema)
    schemas.subjects.set(subject, [...ids, id])
    return id
  }

  return SchemaRegistry.of({
    register: (subject, schema) =>
      Effect.flatMap(
        asked(() => registered(subject, schema)),
        (id) => (typeof id === "number" ? Effect.succeed(id) : Effect.fail(id)),
      ),
    schemaById: (id) =>
      Effect.flatMap(
        asked(() => schemas.texts[id - 1]),
        (text) =>
          text === undefined ? Effect.fail(new SchemaNotFound({ message: "no schema has this id", id })) : Effect.succeed(text),
      ),
  })
}
