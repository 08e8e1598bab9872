import { Context, Effect, Layer } from "effect"
import type { RegistryUnavailable, SchemaIncompatible } from "../../domain/ports/schema-registry.ts"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import type { EventDefinition, Topic } from "../../events/define.ts"
import { type AnyEvent, catalog } from "../../events/index.ts"
import { schemaIdentity } from "./identity.ts"
import { type CompiledVersion, compileVersions } from "./versions.ts"

/** An event as the log holds it. */
export interface EncodedEvent {
  readonly topic: Topic
  readonly key: string
  readonly bytes: Uint8Array
}

/** Why bytes are no event we know. With `unknownSchema`, asking the registry may help: see `learn`. */
export interface NotDecoded {
  readonly undecodable: string
  readonly unknownSchema?: number
}

/**
 * Events to bytes and back, in the Confluent wire format: `00`, the schema's id (32-bit big-endian), Avro.
 * Bytes of an older version are read by exactly that version's schema, then climb its upcasters.
 */
export class EventCodec extends Context.Service<
  EventCodec,
  {
    /** Throws {@link EventNotEncodable} where a value does not fit its field, such as an integer beyond 2^53. */
    readonly encode: (event: AnyEvent) => EncodedEvent
    readonly decode: (bytes: Uint8Array) => AnyEvent | NotDecoded
    /** Asks the registry for the schema of an unknown id; decoding again then succeeds or says why not. It may wait for long. */
    readonly learn: (id: number) => Effect.Effect<void, RegistryUnavailable>
  }
>()("matyan/EventCodec") {}

export class EventNotEncodable extends Error {
  readonly type: string
  constructor(type: string, cause: unknown) {
    super(`${type} cannot be encoded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.type = type
  }
}

export const isDecoded = (decoded: AnyEvent | NotDecoded): decoded is AnyEvent => !("undecodable" in decoded)

/** What the codec needs of an event's definition. */
export type Definition = Pick<EventDefinition<string, never>, "type" | "topic" | "key" | "versions">

/** Registers every version of every event, under `<topic>-matyan.<Type>`, when it starts. */
export const eventCodec = (
  definitions: readonly Definition[] = Object.values(catalog),
): Layer.Layer<EventCodec, RegistryUnavailable | SchemaIncompatible, SchemaRegistry> =>
  Layer.effect(
    EventCodec,
    Effect.gen(function* () {
      const registry = yield* SchemaRegistry
      const chains = definitions.map(compileVersions)
      const byMeaning = new Map(chains.flat().map((version) => [schemaIdentity(version.text), version]))
      const byId = new Map<number, CompiledVersion | NotOurs>()
      const newest = new Map<string, Newest>()
      const register = (version: CompiledVersion) =>
        registry.register(`${version.definition.topic}-matyan.${version.definition.type}`, version.text).pipe(
          Effect.map((id) => {
            byId.set(id, version)
            newest.set(version.definition.type, { version, header: headerOf(id) })
          }),
        )
      // The versions of one event in their order, since each is held against the one before it.
      yield* Effect.forEach(chains, (chain) => Effect.forEach(chain, register), { concurrency: registrations, discard: true })
      return {
        encode: (event) => encode(newest, event),
        decode: (bytes) => decode(byId, bytes),
        learn: (id) =>
          registry.schemaById(id).pipe(
            Effect.map((text) => byMeaning.get(schemaIdentity(text)) ?? { until: Infinity }),
            Effect.catchTag("SchemaNotFound", () => Effect.sync(() => ({ until: performance.now() + forgottenAfterMillis }))),
            Effect.map((found) => void byId.set(id, found)),
          ),
      }
    }),
  )

/** Subjects that are registered side by side, for a registry at the other end of a network. */
const registrations = 8

/** No schema of ours: for ever where the registry has one, for a while where it has none, for it may get one. */
interface NotOurs {
  readonly until: number
}

const forgottenAfterMillis = 60_000

interface Newest {
  readonly version: CompiledVersion
  readonly header: Uint8Array
}

const headerLength = 5

const headerOf = (id: number): Uint8Array => {
  const header = Buffer.alloc(headerLength)
  header.writeUInt32BE(id, 1)
  return header
}

const encode = (newest: ReadonlyMap<string, Newest>, event: AnyEvent): EncodedEvent => {
  try {
    const { version, header } = newest.get(event.type) ?? unknownType()
    const { topic, key } = version.definition
    const avro = version.encode({ ...event.data, meta: event.meta })
    // The catalog ties each key to a string field of its own data.
    const keyed = key === null ? "" : ((event.data as unknown as Readonly<Record<string, unknown>>)[key] as string)
    return { topic, key: keyed, bytes: Buffer.concat([header, avro]) }
  } catch (cause) {
    throw new EventNotEncodable(event.type, cause)
  }
}

const unknownType = (): never => {
  throw new Error("it is not in the catalog")
}

const decode = (byId: ReadonlyMap<number, CompiledVersion | NotOurs>, bytes: Uint8Array): AnyEvent | NotDecoded => {
  if (bytes.length < headerLength || bytes[0] !== 0) return { undecodable: "the bytes do not begin with a schema id" }
  const id = ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0
  const version = byId.get(id)
  if (version === undefined) return { undecodable: `schema ${id} is unknown`, unknownSchema: id }
  if ("until" in version) {
    const notOurs = { undecodable: `schema ${id} is not one of ours` }
    return version.until > performance.now() ? notOurs : { ...notOurs, unknownSchema: id }
  }
  try {
    return version.decode(bytes, headerLength)
  } catch (error) {
    return { undecodable: `${version.definition.type}: ${error instanceof Error ? error.message : String(error)}` }
  }
}
