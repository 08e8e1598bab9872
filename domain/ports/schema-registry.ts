import { Context, Data, type Effect } from "effect"

export class RegistryUnavailable extends Data.TaggedError("RegistryUnavailable")<{
  readonly message: string
  readonly cause?: unknown
}> {}
/** The schema would break readers of the subject's earlier ones. */
export class SchemaIncompatible extends Data.TaggedError("SchemaIncompatible")<{
  readonly message: string
  readonly subject: string
}> {}
export class SchemaNotFound extends Data.TaggedError("SchemaNotFound")<{ readonly message: string; readonly id: number }> {}

/**
 * Avro schemas by number, so that five bytes before an event tell how to read it. Subjects are BACKWARD compatible.
 * An adapter may wait where asking again can help, rather than fail; so whoever asks must be interruptible.
 */
export class SchemaRegistry extends Context.Service<
  SchemaRegistry,
  {
    /** The id of a schema (Avro JSON text) under a subject; the same text has the same id for ever. */
    readonly register: (subject: string, schema: string) => Effect.Effect<number, RegistryUnavailable | SchemaIncompatible>
    /** The Avro JSON text of a schema. Not found is final for now: another ask, later, may find it. */
    readonly schemaById: (id: number) => Effect.Effect<string, RegistryUnavailable | SchemaNotFound>
  }
>()("matyan/SchemaRegistry") {}
