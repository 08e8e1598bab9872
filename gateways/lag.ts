/** How far the projections are behind the log, asked of both as seldom as may be: on a distributed log that is a request. */
import { Effect } from "effect"
import { EventLog, partitionName, type Starts } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import type { Position } from "../events/index.ts"
import { checkpoints } from "../projections/fold.ts"
import { makeView } from "../projections/view.ts"

export interface Lag {
  /** Events that are in the log and not folded, over all partitions. */
  readonly events: number
  /** The same by `topic/partition`, of every partition there is. */
  readonly partitions: ReadonlyMap<string, number>
}

export interface LagMeter {
  /** The lag of a second ago at most while somebody asks; null where the log or the store does not tell it. */
  readonly read: () => Promise<Lag | null>
}

/** How old an answer may be, in milliseconds; and how old the last one may be that is given while a newer one is asked for. */
const fresh = 1_000
const bearable = 3_000
/** How long a request may wait for an answer where there is none. */
const mostWaited = 250

export const makeLagMeter: Effect.Effect<LagMeter, never, EventLog | KeyValueStore> = Effect.gen(function* () {
  const log = yield* EventLog
  const view = yield* makeView
  const measured = Effect.gen(function* () {
    const folded = yield* view.read(checkpoints)
    return lagOf(folded, yield* log.ends)
  })
  const orUnknown = measured.pipe(
    Effect.timeout("2 seconds"),
    Effect.catch(() => Effect.succeed(null)),
  )
  return meterOf(() => Effect.runPromise(orUnknown))
})

/** How far checkpoints, read first, are behind the ends of the log. */
export const lagOf = (folded: Starts, ends: readonly Position[]): Lag => {
  const behind = (name: string, end: number): number => Math.max(0, end - (folded.get(name) ?? 0))
  const partitions = new Map(ends.map((end) => [partitionName(end), behind(partitionName(end), end.offset)]))
  return { events: [...partitions.values()].reduce((sum, one) => sum + one, 0), partitions }
}

/** A meter over a measurement, which is taken once at a time and not again while it is fresh. */
export const meterOf = (measure: () => Promise<Lag | null>, now: () => number = () => performance.now()): LagMeter => {
  let known: { readonly lag: Lag | null; readonly at: number } | undefined
  let asking: Promise<Lag | null> | undefined
  const ask = async (): Promise<Lag | null> => {
    let lag: Lag | null = null
    try {
      lag = await measure()
    } catch {
      // Whatever it is: the lag is unknown for now, and to be asked for again.
    }
    known = { lag, at: now() }
    asking = undefined
    return lag
  }
  const read = async (): Promise<Lag | null> => {
    const age = known === undefined ? Number.POSITIVE_INFINITY : now() - known.at
    if (known !== undefined && age < fresh) return known.lag
    asking ??= ask()
    return known !== undefined && age < bearable ? known.lag : within(asking, mostWaited)
  }
  return { read }
}

/** In a few words, for whoever asks whether all is well. */
export const lagText = (lag: Lag | null): string => {
  if (lag === null) return "unknown: the log or the projections are away"
  if (lag.events === 0) return "ok"
  const behind = [...lag.partitions].filter(([, events]) => events > 0).map(([name, events]) => `${name}: ${events}`)
  return `${lag.events} events behind the log (${behind.join(", ")})`
}

const within = async <A>(promise: Promise<A>, millis: number): Promise<A | null> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, millis, null)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
