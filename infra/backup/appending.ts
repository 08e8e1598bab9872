/** Appends the events of a restore, as many at a time as are worth one flush, and leaves out those that are folded already. */
import { Effect, Stream } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { type AnyEvent, keyOf, type Position } from "../../events/index.ts"
import type { Rows } from "../../projections/rows.ts"
import { makeView } from "../../projections/view.ts"

export interface AppendProgress {
  /** Hears how many events were dealt with, after each batch. */
  readonly onEvents?: (count: number) => void
}

interface AppendOptions extends AppendProgress {
  readonly dryRun: boolean
  readonly onAppended?: (event: AnyEvent, position: Position) => void
}

const fullBatch = { events: 5_000, weight: 4 * 2 ** 20 }

export const appendBatches = (events: AsyncIterable<AnyEvent>, { dryRun, onEvents, onAppended }: AppendOptions) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const view = yield* makeView
    const counts = { appended: 0, known: 0 }
    yield* Stream.runForEach(Stream.fromAsyncIterable(batches(events), asError), (batch) =>
      Effect.gen(function* () {
        const unknown = yield* view.read((rows) => notFolded(rows, batch))
        counts.known += batch.length - unknown.length
        counts.appended += unknown.length
        const positions = dryRun ? [] : yield* log.append(unknown)
        for (const [i, position] of positions.entries()) onAppended?.(unknown[i]!, position)
        onEvents?.(batch.length)
      }),
    )
    return counts
  })

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))

async function* batches(events: AsyncIterable<AnyEvent>): AsyncGenerator<readonly AnyEvent[]> {
  let batch: AnyEvent[] = []
  let weight = 0
  for await (const event of events) {
    batch.push(event)
    weight += weightOf(event)
    if (batch.length < fullBatch.events && weight < fullBatch.weight) continue
    yield batch
    batch = []
    weight = 0
  }
  if (batch.length > 0) yield batch
}

/** About how many bytes an event has, by what may be long in it. */
const weightOf = ({ data }: AnyEvent): number => {
  let weight = 200
  for (const value of Object.values(data) as readonly unknown[]) {
    if (typeof value === "string" || value instanceof Uint8Array) weight += value.length
    else if (Array.isArray(value)) for (const item of value as readonly unknown[]) weight += itemWeight(item)
  }
  return weight
}

const itemWeight = (item: unknown): number => (typeof item === "string" || item instanceof Uint8Array ? item.length + 4 : 8)

/** Those whose numbers the projections have not seen: an event that they have would be folded to nothing (Law 2). */
const notFolded = async (rows: Rows, batch: readonly AnyEvent[]): Promise<readonly AnyEvent[]> => {
  const last = new Map<string, readonly [number, number] | undefined>()
  const unknown: AnyEvent[] = []
  for (const event of batch) {
    const { writer, seq, part } = event.meta
    const name = `${keyOf(event)}\0${writer}`
    // A row of two small integers, which the fold writes.
    if (!last.has(name))
      last.set(name, (await rows.get("marks", ["writer", keyOf(event), writer])) as readonly [number, number] | undefined)
    const [lastSeq, lastPart] = last.get(name) ?? [-1, -1]
    if (seq > lastSeq || (seq === lastSeq && part > lastPart)) unknown.push(event)
  }
  return unknown
}
