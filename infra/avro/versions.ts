import avsc from "avsc"
import type { Avro, Meta } from "../../events/define.ts"
import type { AnyEvent } from "../../events/index.ts"
import { boundsCheck } from "./bounds.ts"
import type { Definition } from "./codec.ts"
import { exactLong } from "./exact-long.ts"
import { numberArray } from "./number-arrays.ts"

/** One version of one event, ready to encode and decode. */
export interface CompiledVersion {
  readonly definition: Definition
  /** The schema as JSON. */
  readonly text: string
  readonly encode: (record: Readonly<Record<string, unknown>>) => Uint8Array
  /** The event that the bytes from `start` on hold, as its newest version; throws where they hold none. */
  readonly decode: (bytes: Uint8Array, start: number) => AnyEvent
}

export const compileVersions = (definition: Definition): readonly CompiledVersion[] =>
  definition.versions.map(({ schema }, index) => {
    const type = avsc.Type.forSchema(schema as avsc.Schema, { omitRecordMethods: true, typeHook })
    const check = boundsCheck(schema)
    const withBuffers = bufferConversion(schema) ?? ((record: unknown) => record)
    return {
      definition,
      text: JSON.stringify(schema),
      encode: (record) => type.toBuffer(withBuffers(record)),
      decode: (bytes, start) => {
        check(bytes, start)
        const { meta, ...data } = type.fromBuffer(bufferOf(bytes).subarray(start)) as { readonly meta: Meta }
        // The schema is the definition's own, so what it reads is that definition's event once the upcasters have run.
        return { type: definition.type, meta: { ...meta }, data: newest(definition, index, data) } as AnyEvent
      },
    }
  })

/** The declared type of avsc's hook cannot say "as usual", which undefined means. */
const typeHook = ((schema: unknown, options: object) => {
  if (schema === "long") return exactLong
  const isArray = typeof schema === "object" && schema !== null && "items" in schema
  return isArray ? numberArray(schema.items, options) : undefined
}) as () => avsc.Type

const newest = (definition: Definition, index: number, data: unknown): unknown =>
  definition.versions.slice(index).reduce((older, { upcast }) => (upcast === null ? older : upcast(older as never)), data)

/** The same schema whatever the order of its JSON members and its white space. */
export const canonicalText = (schema: string): string => {
  try {
    return JSON.stringify(ordered(JSON.parse(schema)))
  } catch {
    return schema
  }
}

const ordered = (json: unknown): unknown => {
  if (Array.isArray(json)) return json.map(ordered)
  if (typeof json !== "object" || json === null) return json
  const members = Object.entries(json).map(([name, value]) => [name, ordered(value)] as const)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

type Conversion = (value: unknown) => unknown

/** avsc takes `bytes` as a Buffer only: makes every Uint8Array of a value one, or null for schemas without bytes. */
const bufferConversion = (schema: Avro): Conversion | null => {
  if (schema === "bytes") return (value) => (value instanceof Uint8Array ? bufferOf(value) : value)
  if (typeof schema === "string") return null
  if (Array.isArray(schema)) return schema.some((branch: Avro) => branch === "bytes") ? bufferConversion("bytes") : null
  const { type, items, fields } = schema as { readonly type: Avro; readonly items?: Avro; readonly fields?: Fields }
  if (items !== undefined) return arrayConversion(bufferConversion(items))
  return fields === undefined ? bufferConversion(type) : recordConversion(fields)
}

type Fields = readonly { readonly name: string; readonly type: Avro }[]

const arrayConversion = (item: Conversion | null): Conversion | null =>
  item && ((value) => (Array.isArray(value) ? value.map(item) : value))

const recordConversion = (fields: Fields): Conversion | null => {
  const conversions = fields.flatMap(({ name, type }) => {
    const convert = bufferConversion(type)
    return convert === null ? [] : [{ name, convert }]
  })
  if (conversions.length === 0) return null
  return (value) => {
    const record: Record<string, unknown> = { ...(value as Readonly<Record<string, unknown>>) }
    for (const { name, convert } of conversions) record[name] = convert(record[name])
    return record
  }
}
