/** The laws of as-of generations and of rollbacks, over generated histories, and work that is broken off anywhere. */
import { Cause, Effect, Stream } from "effect"
import fc from "fast-check"
import { expect, it } from "vitest"
import { EventLog, partitionName } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyEvent, Recorded } from "../../events/index.ts"
import { foldAsOf } from "../../projections/as-of.ts"
import { hold } from "../../projections/generations.ts"
import { rollback } from "../../projections/rollback.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { catchUp } from "../../projections/worker.ts"
import { chaos, type Fault } from "../support/chaos.ts"
import { stamped } from "../support/folding.ts"
import { aHistory, type History } from "../support/histories.ts"
import { discardOf, foldedClean, onProjections, projected, projectedAsOf } from "../support/projected.ts"

const aFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>("none") },
  fc.constantFrom<Fault>("lost", "unknown", "twice"),
  fc.integer({ min: 0, max: 12 }),
)

const numRuns = Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 8)

const eventsOf = (history: History): readonly AnyEvent[] =>
  history.flatMap(({ records }) => records.map(({ type, data, meta }) => ({ type, data, meta }) as AnyEvent))

/** Some of the first events given up, whether or not they fold. */
const discards = fc
  .array(fc.tuple(fc.nat(1), fc.nat(6)), { maxLength: 3 })
  .map((places) => places.map(([partition, offset]) => stamped(discardOf({ topic: "data-ingestion", partition, offset }), 5)))

/** The records of the log, by partition, in order. */
const allRecords = Effect.gen(function* () {
  const log = yield* EventLog
  const found = new Map<string, Recorded[]>((yield* log.ends).map((end) => [partitionName(end), []]))
  yield* Stream.runForEach(log.source(new Map()), (batch) =>
    Effect.sync(() => {
      for (const record of batch.records) if (record.type !== "Undecodable") found.get(partitionName(batch))?.push(record)
    }),
  )
  return found
})

/** What a log of these records alone folds to. */
const foldedAlone = (parts: readonly (readonly Recorded[])[]) =>
  Effect.promise(() =>
    onProjections(
      Effect.gen(function* () {
        const log = yield* EventLog
        for (const part of parts) yield* log.append(part.map(({ type, data, meta }) => ({ type, data, meta }) as AnyEvent))
        yield* catchUp()
        return yield* projected
      }),
    ),
  )

/** Of each partition what stands before the first event that is later than a time. */
const before = (records: readonly Recorded[], seconds: number): readonly Recorded[] => {
  const later = records.findIndex(({ meta }) => meta.serverTime > seconds)
  return later === -1 ? records : records.slice(0, later)
}

interface Asked {
  readonly words: (records: ReadonlyMap<string, readonly Recorded[]>) => string
  readonly part: (records: readonly Recorded[], name: string) => readonly Recorded[]
}

const aTime = fc.integer({ min: 0, max: 11 }).map((seconds): Asked => ({
  words: () => String(seconds),
  part: (records) => before(records, seconds),
}))

const somePositions = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((shares): Asked => {
    const count = (name: string, length: number): number =>
      Math.floor(length * shares[name.length % 2 === 0 ? 0 : Number(name.at(-1)) + 1]!)
    return {
      words: (all) => [...all].map(([name, records]) => `${name}/${count(name, records.length) - 1}`).join(","),
      part: (records, name) => records.slice(0, count(name, records.length)),
    }
  })

it("Law 1: what is folded as of a time or positions equals a fold of just that part of the log, however often it was broken off", async () => {
  await fc.assert(
    fc.asyncProperty(
      aHistory(50),
      discards,
      fc.oneof(aTime, somePositions),
      fc.array(aFault, { maxLength: 20 }),
      async (history, given, asked, faults) => {
        const left = [...faults]
        // Once nothing fails any more it must succeed.
        let spared = 0
        let armed = false
        const faulty = chaos(() => (armed ? (left.shift() ?? "none") : "none"))
        await onProjections(
          Effect.gen(function* () {
            const log = yield* EventLog
            yield* log.append(eventsOf(history))
            yield* log.append(given)
            yield* catchUp()
            const serving = yield* projected
            const records = yield* allRecords
            const words = asked.words(records)
            for (;;) {
              armed = true
              const folded = yield* Effect.exit(foldAsOf(words, { leaseMillis: 5, sliceSize: 2 }))
              armed = false
              if (folded._tag === "Success") break
              if (left.length === 0 && ++spared > 1) throw new Error(`it does not end: ${Cause.pretty(folded.cause)}`)
            }
            const { id } = yield* foldAsOf(words)
            const parts = [...records].map(([name, all]) => asked.part(all, name))
            expect(yield* projectedAsOf(id)).toBe(yield* foldedAlone(parts))
            expect(yield* projected).toBe(serving)
          }),
          { store: faulty },
        )
      },
    ),
    { numRuns },
  )
})

it("Law 1: a rollback that is ended at any write, and begun again, gives what a clean fold gives, whatever came meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(
      aHistory(50),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(aFault, { maxLength: 20 }),
      fc.boolean(),
      async (history, share, faults, thenRebuild) => {
        const left = [...faults]
        // Once nothing fails any more it must succeed.
        let spared = 0
        let armed = false
        const faulty = chaos(() => (armed ? (left.shift() ?? "none") : "none"))
        const events = eventsOf(history)
        const middle = Math.floor(events.length * share)
        await onProjections(
          Effect.gen(function* () {
            const log = yield* EventLog
            yield* log.append(events.slice(0, middle))
            yield* catchUp()
            yield* rebuild({ keep: true })
            yield* log.append(events.slice(middle))
            yield* catchUp({ sliceSize: 2 })
            for (let tries = 0; ; tries++) {
              armed = true
              // Whichever is begun after the other was ended.
              const act =
                thenRebuild && tries > 0 ? rebuild({ leaseMillis: 5, keep: true }) : rollback(1, { leaseMillis: 5, keep: true })
              const ended = yield* Effect.exit(act)
              armed = false
              yield* KeyValueStore.use((store) => store.write(async (tx) => hold(tx, null)))
              yield* catchUp({ sliceSize: 2 })
              if (ended._tag === "Success") break
              if (left.length === 0 && ++spared > 1) throw new Error(`it does not end: ${Cause.pretty(ended.cause)}`)
            }
            expect(yield* projected).toBe(yield* foldedClean)
          }),
          { store: faulty },
        )
      },
    ),
    { numRuns },
  )
})
