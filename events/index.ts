import type { Fact, Meta, Topic } from "./define.ts"
import * as entity from "./entity.ts"
import * as operation from "./operation.ts"
import * as run from "./run.ts"
import * as sequence from "./sequence.ts"

/** Every event there is. */
export const catalog = { ...run, ...sequence, ...entity, ...operation }

export type EventType = keyof typeof catalog
export type DataOfType<T extends EventType> = Parameters<(typeof catalog)[T]>[0]

/** What a gateway has decided, not yet stamped. */
export type AnyFact = { [T in EventType]: Fact<T, DataOfType<T>> }[EventType]

/** A fact with its metadata: what the log holds. */
export type AnyEvent = { [T in EventType]: EventOf<T> }[EventType]
export interface EventOf<T extends EventType> extends Fact<T, DataOfType<T>> {
  readonly meta: Meta
}

/** A place in the log. Offsets count from 0 in each partition. */
export interface Position {
  readonly topic: Topic
  readonly partition: number
  readonly offset: number
}

/** An event at its position. */
export type Recorded<T extends EventType = EventType> = { [K in T]: EventOf<K> & { readonly position: Position } }[T]

/** What stands in the log but cannot be read as an event. */
export interface Undecodable {
  readonly type: "Undecodable"
  readonly position: Position
  readonly key: string
  readonly bytes: Uint8Array
  readonly reason: string
}

/** The key under which an event is ordered: its run's id, or the one stream of the project. */
export const keyOf = (fact: AnyFact): string => {
  const field = catalog[fact.type].key
  // The catalog ties each key to a string field of its own data.
  return field === null ? "" : ((fact.data as unknown as Readonly<Record<string, unknown>>)[field] as string)
}
