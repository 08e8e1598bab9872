/** A field's Avro schema together with the TypeScript type of its value (a phantom: never present at run time). */
export interface Field<T> {
  readonly avro: Avro
  /** The Avro default that lets an older reader or writer do without the field. */
  readonly default?: unknown
  readonly phantom?: T
}

export type Avro = string | readonly Avro[] | { readonly [key: string]: unknown }

export const string: Field<string> = { avro: "string" }
export const boolean: Field<boolean> = { avro: "boolean" }
/** A float64. */
export const double: Field<number> = { avro: "double" }
/** A 64-bit integer on the wire; here a number, so within ±(2^53 - 1). */
export const long: Field<number> = { avro: "long" }
export const bytes: Field<Uint8Array> = { avro: "bytes" }
export const nullable = <T>(of: Field<T>): Field<T | null> => ({ avro: ["null", of.avro] })
export const array = <T>(of: Field<T>): Field<readonly T[]> => ({ avro: { type: "array", items: of.avro } })
export const record = <S extends Shape>(name: string, fields: S): Field<DataOf<S>> => ({
  avro: { type: "record", name, fields: avroFields(fields) },
})

// Above its first use, which is when this module is loaded.
const avroFields = (fields: Shape) =>
  Object.entries(fields).map(([name, field]) => ({
    name,
    type: field.avro,
    ...("default" in field ? { default: field.default } : {}),
  }))

export type Shape = Readonly<Record<string, Field<unknown>>>
export type DataOf<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never }

export type Topic = "data-ingestion" | "control-events"

/** One schema of an event, and how to read it as the next. */
export interface Version {
  readonly schema: Avro
  readonly upcast: ((older: never) => unknown) | null
}

/** What an event says: its type and its data. The gateway that appends it adds {@link Meta}. */
export interface Fact<Type extends string = string, Data = unknown> {
  readonly type: Type
  readonly data: Data
}

/** The definition of an event, callable to state one. Its type is the last version's. */
export interface EventDefinition<Type extends string, Data> {
  (data: Data): Fact<Type, Data>
  readonly type: Type
  readonly topic: Topic
  /** The field whose value keys the event, or null for the one stream of the project. */
  readonly key: string | null
  readonly versions: readonly Version[]
  /** The next version; `upcast` reads the data of the one before it. A released version is never edited. */
  readonly version: <S extends Shape>(fields: S, upcast: (older: Data) => DataOf<S>) => EventDefinition<Type, DataOf<S>>
}

/** Who, when, why and in which order: what every event carries beside its data. */
export interface Meta {
  /** A UUID, unique to this event. */
  readonly id: string
  /** Unix seconds: the client's time, never later than the gateway's clock; else that clock. Shown, never compared. */
  readonly at: number
  /** Unix seconds by the clock of the gateway that appended it. */
  readonly serverTime: number
  /** Eight hexadecimal digits; `00000000` until there are projects. */
  readonly project: string
  readonly actor: string
  /** What asked for it: the id of a request or of the event that caused it. */
  readonly cause: string | null
  /** With `seq` and `part`: the sender's own numbering, by which a repeat is known. */
  readonly writer: string
  readonly seq: number
  readonly part: number
}

const meta = record("Meta", {
  id: string,
  at: double,
  serverTime: double,
  project: string,
  actor: string,
  cause: nullable(string),
  writer: string,
  seq: long,
  part: long,
} satisfies { readonly [K in keyof Meta]: Field<Meta[K]> })

/** Defines an event's first version. `key` names the field that keys it; control events have none. */
export const event = <const Type extends string, S extends Shape>(
  type: Type,
  definition: { readonly topic: Topic; readonly key?: keyof S & string; readonly fields: S },
): EventDefinition<Type, DataOf<S>> =>
  define(type, definition.topic, definition.key ?? null, [{ schema: schemaOf(type, definition.fields), upcast: null }])

const define = <Type extends string, Data>(
  type: Type,
  topic: Topic,
  key: string | null,
  versions: readonly Version[],
): EventDefinition<Type, Data> =>
  Object.assign((data: Data): Fact<Type, Data> => ({ type, data }), {
    type,
    topic,
    key,
    versions,
    version: <S extends Shape>(fields: S, upcast: (older: Data) => DataOf<S>): EventDefinition<Type, DataOf<S>> =>
      define(type, topic, key, [
        ...versions.slice(0, -1),
        // The chain is typed here, where both ends are known; inside it only runs.
        { schema: versions.at(-1)!.schema, upcast: upcast as (older: never) => unknown },
        { schema: schemaOf(type, fields), upcast: null },
      ]),
  })

const schemaOf = (type: string, fields: Shape): Avro => ({
  type: "record",
  name: type,
  namespace: "matyan",
  fields: [{ name: "meta", type: meta.avro }, ...avroFields(fields)],
})
