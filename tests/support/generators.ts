/** Any event of the catalog, generated from its own schema. */
import fc from "fast-check"
import type { Avro, EventDefinition } from "../../events/define.ts"
import { type AnyEvent, catalog, type EventOf, type EventType } from "../../events/index.ts"

/** Any event of the given types; of every type by default. */
export const anyEvent = (types: readonly EventType[] = Object.keys(catalog) as EventType[]): fc.Arbitrary<AnyEvent> =>
  fc.oneof(...types.map((type) => eventOf(type) as fc.Arbitrary<AnyEvent>))

/** Any event of one type. */
export const eventOf = <T extends EventType>(type: T): fc.Arbitrary<EventOf<T>> =>
  // The schema is the type's own, so what it generates is that event.
  eventOfVersion(catalog[type], -1) as unknown as fc.Arbitrary<EventOf<T>>

interface Stated {
  readonly type: string
  readonly meta: unknown
  readonly data: Readonly<Record<string, unknown>>
}

/** An event as a version (by its index; -1 is the newest) of a definition states it. */
export const eventOfVersion = (
  { type, versions }: Pick<EventDefinition<string, never>, "type" | "versions">,
  index: number,
): fc.Arbitrary<Stated> =>
  valueOf(versions.at(index)!.schema).map((record) => {
    const { meta, ...data } = record as { readonly meta: unknown }
    return { type, meta, data }
  })

/** Any value of an Avro schema of the kinds that the catalog uses. */
const valueOf = (schema: Avro): fc.Arbitrary<unknown> => {
  if (typeof schema === "string") return primitiveOf(schema)
  if (Array.isArray(schema)) return fc.oneof(...schema.map(valueOf))
  const { type, items, fields } = schema as { readonly type: Avro; readonly items?: Avro; readonly fields?: Fields }
  if (items !== undefined) return fc.array(valueOf(items), { maxLength: 12 })
  if (fields === undefined) return valueOf(type)
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field.type)])), { noNullPrototype: true })
}

type Fields = readonly { readonly name: string; readonly type: Avro }[]

const primitives: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  double: fc.double(),
  long: fc.oneof(fc.integer(), fc.maxSafeInteger()),
  string: fc.string({ unit: "grapheme", maxLength: 20 }),
  bytes: fc.uint8Array({ maxLength: 40 }),
}

const primitiveOf = (name: string): fc.Arbitrary<unknown> => {
  const arbitrary = primitives[name]
  if (arbitrary === undefined) throw new Error(`no values are generated for the Avro type ${name}`)
  return arbitrary
}

/** The same value with every Uint8Array as a Buffer, so that equality compares content. */
export const withBuffers = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (Array.isArray(value)) return value.map(withBuffers)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withBuffers(each)]))
}
