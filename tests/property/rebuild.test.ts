/** The law of rebuilding, over generated histories and a rebuild that is broken off anywhere. */
import { Effect } from "effect"
import fc from "fast-check"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyEvent } from "../../events/index.ts"
import { hold } from "../../projections/generations.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { catchUp } from "../../projections/worker.ts"
import { chaos, type Fault } from "../support/chaos.ts"
import { aHistory, type History } from "../support/histories.ts"
import { foldedClean, onProjections, projected } from "../support/projected.ts"

const aFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>("none") },
  fc.constantFrom<Fault>("lost", "unknown", "twice"),
  fc.integer({ min: 0, max: 12 }),
)

/** The events before a share of each partition, and those after it. */
const cut = (history: History, share: number) => {
  const events = history.map(({ records }) => records.map(({ type, data, meta }) => ({ type, data, meta }) as AnyEvent))
  const at = (count: number) => Math.floor(count * share)
  return [events.flatMap((log) => log.slice(0, at(log.length))), events.flatMap((log) => log.slice(at(log.length)))] as const
}

it("Law 1: a rebuild that is ended at any write, and begun again, gives what a clean fold gives, whatever came meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(
      aHistory(60),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(aFault, { maxLength: 25 }),
      async (history, share, faults) => {
        const left = [...faults]
        let armed = false
        const faulty = chaos(() => (armed ? (left.shift() ?? "none") : "none"))
        const [early, late] = cut(history, share)
        await onProjections(
          Effect.gen(function* () {
            const log = yield* EventLog
            yield* log.append(early)
            yield* catchUp()
            let isLate = false
            for (;;) {
              armed = true
              const ended = yield* Effect.exit(rebuild({ leaseMillis: 5, sliceSize: 2 }))
              armed = false
              // What projectors do by themselves, after a while.
              yield* KeyValueStore.use((store) => store.write(async (tx) => hold(tx, null)))
              if (!isLate) yield* log.append(late)
              isLate = true
              yield* catchUp({ sliceSize: 2 })
              if (ended._tag === "Success") break
            }
            expect(yield* projected).toBe(yield* foldedClean)
          }),
          { store: faulty },
        )
      },
    ),
    { numRuns: Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 10) },
  )
})
