/** Law 1, tried on a live system: fold the log into an empty store and hold the two against each other. */
import { Effect } from "effect"
import { EventLog, type LogUnavailable } from "../domain/ports/event-log.ts"
import { KeyValueStore, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import { positionName } from "../domain/positions.ts"
import type { DeadLetter } from "./dead-letters.ts"
import { type DumpedRow, dumpRows } from "./dump.ts"
import type { ToEndOptions } from "./fold-to-end.ts"
import type { FoldFault } from "./folder.ts"
import { hasJobs } from "./jobs.ts"
import { type Difference, differenceOf } from "./row-difference.ts"
import { Rows } from "./rows.ts"
import { servingGeneration } from "./subspaces.ts"
import { type Live, liveIn, waitForJobs } from "./verify-live.ts"
import { comparePieces } from "./verify-pieces.ts"
import { catchUp } from "./worker.ts"

/** What a verification found. */
export interface Verification {
  /** The first row, in key order, that the two do not share alike; undefined when they are equal. */
  readonly difference: Difference | undefined
  /** What no projection holds, by position: it is left out of both, and an operator should know. */
  readonly deadLetters: readonly DeadLetter[]
  readonly rows: number
  /** False where folding went on in every pass over a store whose views do not last: each part was compared at a moment of its own. */
  readonly isSteady: boolean
}

/**
 * Folds the log into `scratch`, an empty store, up to what the live store has folded, and compares every projected row.
 * What is a dead letter there is not folded here either: it may fold today, and a rebuild is the way to have it.
 * The live store may go on folding meanwhile: the comparison reads one version of it, or, where a view does not last as long,
 * one version for each piece (verify-pieces.ts).
 */
export const verify = (
  scratch: KeyValueStore["Service"],
  onFolded?: ToEndOptions["onFolded"],
): Effect.Effect<Verification, LogUnavailable | FoldFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const live = yield* KeyValueStore
    const log = yield* EventLog
    const refold = ({ until, letters }: Live) => {
      const passOver = new Set(letters.map(({ position }) => positionName(position)))
      const options = { until, passOver, ...(onFolded === undefined ? {} : { onFolded }) }
      return catchUp(options).pipe(Effect.provideService(KeyValueStore, scratch))
    }
    const first = yield* live.read(async (tx) => {
      const generation = await servingGeneration(tx)
      return generation && { id: generation.id, ...(await liveIn(new Rows(tx, generation))) }
    })
    if (first === undefined) return yield* new StoreUnavailable({ message: "the live store holds no projections to verify" })
    yield* refold(first)
    if (!live.viewsLast) {
      const { at, ...found } = yield* comparePieces({ live, scratch, generation: first.id }, first, refold)
      return { ...found, deadLetters: at.letters }
    }
    const context = yield* Effect.context<never>()
    const attempt = live.read(async (tx): Promise<Verification | "settling"> => {
      const generation = await servingGeneration(tx)
      if (generation?.id !== first.id) throw new StoreUnavailable({ message: "a rebuild was swapped in meanwhile; verify anew" })
      const rows = new Rows(tx, generation)
      if (await hasJobs(rows)) return "settling"
      const now = await liveIn(rows)
      await Effect.runPromiseWith(context)(refold(now).pipe(Effect.provideService(EventLog, log)))
      const found = await Effect.runPromiseWith(context)(scratch.read(async (other) => compare(rows, other)))
      return { ...found, deadLetters: now.letters, isSteady: true }
    })
    for (;;) {
      const found = yield* attempt
      if (found !== "settling") return found
      yield* waitForJobs
    }
  })

const compare = async (
  live: Rows,
  scratch: Parameters<typeof servingGeneration>[0],
): Promise<Pick<Verification, "difference" | "rows">> => {
  const refolded = await servingGeneration(scratch)
  if (refolded === undefined) throw new Error("nothing was folded into the scratch store")
  const a = each(dumpRows(live))
  const b = each(dumpRows(new Rows(scratch, refolded)))
  for (let rows = 0; ; rows++) {
    const [left, right] = await Promise.all([a.next(), b.next()])
    if (left.done === true && right.done === true) return { difference: undefined, rows }
    const difference = differenceOf(left.value ?? undefined, right.value ?? undefined)
    if (difference !== undefined) return { difference, rows }
  }
}

async function* each(chunks: AsyncIterable<readonly DumpedRow[]>): AsyncGenerator<DumpedRow, undefined> {
  for await (const chunk of chunks) yield* chunk
}
