/** The codec of a backup: events to bytes by schemas that lie in the backup, with numbers of its own, so that it needs no registry. */
import { Context, Effect, Layer } from "effect"
import { SchemaNotFound, SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { EventCodec } from "../avro/codec.ts"
import { schemaIdentity } from "../avro/identity.ts"
import { eventCodec } from "../avro/codec.ts"
import { type Archive, linesOf } from "./archive.ts"
import { ArchiveUnsound } from "./unsound.ts"

export interface KeptSchema {
  readonly id: number
  readonly subject: string
  readonly schema: string
}

export interface ArchiveCodec {
  readonly codec: EventCodec["Service"]
  /** All schemas that it knows, those of this code among them. */
  readonly schemas: readonly KeptSchema[]
  /** Whether this code has the event of a schema that stands in the backup. */
  readonly knows: (id: number) => boolean
}

/** A codec that goes on from the schemas of a backup; from none for a new one. */
export const archiveCodec = async (kept: readonly KeptSchema[] = []): Promise<ArchiveCodec> => {
  const schemas = [...kept]
  const byMeaning = new Map(kept.map(({ id, schema }) => [schemaIdentity(schema), id]))
  const ours = new Set<number>()
  const register = (subject: string, schema: string): number => {
    const known = byMeaning.get(schemaIdentity(schema))
    const id = known ?? Math.max(0, ...schemas.map((one) => one.id)) + 1
    if (known === undefined) schemas.push({ id, subject, schema })
    byMeaning.set(schemaIdentity(schema), id)
    ours.add(id)
    return id
  }
  const registry = Layer.succeed(SchemaRegistry, {
    register: (subject, schema) => Effect.sync(() => register(subject, schema)),
    schemaById: (id) => {
      const found = schemas.find((one) => one.id === id)
      return found === undefined
        ? Effect.fail(new SchemaNotFound({ message: "no such schema", id }))
        : Effect.succeed(found.schema)
    },
  })
  const context = await Effect.runPromise(Effect.scoped(Layer.build(eventCodec().pipe(Layer.provide(registry)))))
  return { codec: Context.get(context, EventCodec), schemas, knows: (id) => ours.has(id) }
}

/** The schemas of a backup. Throws {@link ArchiveUnsound}. */
export const schemasIn = async (archive: Archive): Promise<readonly KeptSchema[]> => {
  const found: KeptSchema[] = []
  for await (const { number, text } of linesOf(archive, "schemas.jsonl")) {
    try {
      found.push(JSON.parse(text) as KeptSchema)
    } catch {
      throw new ArchiveUnsound({ message: `${archive.name}: schemas.jsonl, line ${number} is no JSON` })
    }
  }
  return found
}
