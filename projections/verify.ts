/** Law 1, tried on a live system: fold the log into an empty store and hold the two against each other. */
import { Effect } from "effect"
import { EventLog, type LogUnavailable } from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import { deadLetters, type DeadLetter } from "./dead-letters.ts"
import { type DumpedRow, dumpRows } from "./dump.ts"
import { checkpoints } from "./fold.ts"
import { hasJobs } from "./jobs.ts"
import { Rows } from "./rows.ts"
import { servingGeneration } from "./subspaces.ts"
import { catchUp, type ProjectorOptions } from "./worker.ts"

/** What a verification found. */
export interface Verification {
  /** The first row, in key order, that the two do not share alike; undefined when they are equal. */
  readonly difference: { readonly live: DumpedRow | undefined; readonly refolded: DumpedRow | undefined } | undefined
  /** What no projection holds; the two agree on that, but an operator should know. */
  readonly deadLetters: readonly DeadLetter[]
  readonly rows: number
}

/**
 * Folds the log into `scratch`, an empty store, up to what the live store has folded, and compares every projected row.
 * The live store may go on folding meanwhile: the comparison reads one version of it.
 */
export const verify = (
  scratch: KeyValueStore["Service"],
  onFolded?: ProjectorOptions["onFolded"],
): Effect.Effect<Verification, LogUnavailable | StoreFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const live = yield* KeyValueStore
    const log = yield* EventLog
    const refold = (until: ReadonlyMap<string, number>) =>
      catchUp({ until, ...(onFolded === undefined ? {} : { onFolded }) }).pipe(Effect.provideService(KeyValueStore, scratch))
    yield* refold(yield* liveCheckpoints(live))
    const context = yield* Effect.context<never>()
    const attempt = live.read(async (tx): Promise<Verification | "settling"> => {
      const generation = await servingGeneration(tx)
      if (generation === undefined) throw new StoreUnavailable({ message: "the live store holds no projections to verify" })
      const rows = new Rows(tx, generation)
      if (await hasJobs(rows)) return "settling"
      const until = await checkpoints(rows)
      await Effect.runPromiseWith(context)(refold(until).pipe(Effect.provideService(EventLog, log)))
      return Effect.runPromiseWith(context)(scratch.read(async (other) => compare(rows, other)))
    })
    for (;;) {
      const found = yield* attempt
      if (found !== "settling") return found
      yield* Effect.sleep("200 millis")
    }
  })

const liveCheckpoints = (live: KeyValueStore["Service"]) =>
  live.read(async (tx) => {
    const generation = await servingGeneration(tx)
    return generation === undefined ? new Map<string, number>() : checkpoints(new Rows(tx, generation))
  })

const compare = async (live: Rows, scratch: Parameters<typeof servingGeneration>[0]): Promise<Verification> => {
  const refolded = await servingGeneration(scratch)
  if (refolded === undefined) throw new Error("nothing was folded into the scratch store")
  const a = each(dumpRows(live))
  const b = each(dumpRows(new Rows(scratch, refolded)))
  const letters = await deadLetters(live.tx)
  for (let rows = 0; ; rows++) {
    const [left, right] = await Promise.all([a.next(), b.next()])
    if (left.done === true && right.done === true) return { difference: undefined, deadLetters: letters, rows }
    const [liveRow, otherRow] = [left.value ?? undefined, right.value ?? undefined]
    if (liveRow === undefined || otherRow === undefined || !isSame(liveRow, otherRow))
      return { difference: firstOf(liveRow, otherRow), deadLetters: letters, rows }
  }
}

async function* each(chunks: AsyncIterable<readonly DumpedRow[]>): AsyncGenerator<DumpedRow, undefined> {
  for await (const chunk of chunks) yield* chunk
}

const isSame = (a: DumpedRow, b: DumpedRow): boolean =>
  a.space === b.space && Buffer.compare(a.key, b.key) === 0 && Buffer.compare(a.value, b.value) === 0

/** Of two rows that stand at the same place in their dumps, the one that only one of them has, or both where the values differ. */
const firstOf = (live: DumpedRow | undefined, refolded: DumpedRow | undefined): NonNullable<Verification["difference"]> => {
  if (live === undefined || refolded === undefined || live.space !== refolded.space) return { live, refolded }
  const order = Buffer.compare(live.key, refolded.key)
  return { live: order <= 0 ? live : undefined, refolded: order >= 0 ? refolded : undefined }
}
