/** Law 1, tried on a live system: fold the log into an empty store and hold the two against each other. */
import { Effect } from "effect"
import { EventLog, type LogUnavailable } from "../domain/ports/event-log.ts"
import { KeyValueStore, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import { type DeadLetter, eachLetter } from "./dead-letters.ts"
import { type DumpedRow, dumpRows } from "./dump.ts"
import type { FoldFault } from "./folder.ts"
import { checkpoints } from "./fold.ts"
import { hasJobs } from "./jobs.ts"
import { positionName } from "./positions.ts"
import { Rows } from "./rows.ts"
import { servingGeneration } from "./subspaces.ts"
import { catchUp, type ProjectorOptions } from "./worker.ts"

/** What a verification found. */
export interface Verification {
  /** The first row, in key order, that the two do not share alike; undefined when they are equal. */
  readonly difference: { readonly live: DumpedRow | undefined; readonly refolded: DumpedRow | undefined } | undefined
  /** What no projection holds, by position: it is left out of both, and an operator should know. */
  readonly deadLetters: readonly DeadLetter[]
  readonly rows: number
}

/**
 * Folds the log into `scratch`, an empty store, up to what the live store has folded, and compares every projected row.
 * What is a dead letter there is not folded here either: it may fold today, and a rebuild is the way to have it.
 * The live store may go on folding meanwhile: the comparison reads one version of it.
 */
export const verify = (
  scratch: KeyValueStore["Service"],
  onFolded?: ProjectorOptions["onFolded"],
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
    if (first !== undefined) yield* refold(first)
    const context = yield* Effect.context<never>()
    const attempt = live.read(async (tx): Promise<Verification | "settling"> => {
      const generation = await servingGeneration(tx)
      if (generation === undefined) throw new StoreUnavailable({ message: "the live store holds no projections to verify" })
      if (generation.id !== first?.id) throw new StoreUnavailable({ message: "a rebuild was swapped in meanwhile; verify anew" })
      const rows = new Rows(tx, generation)
      if (await hasJobs(rows)) return "settling"
      const now = await liveIn(rows)
      await Effect.runPromiseWith(context)(refold(now).pipe(Effect.provideService(EventLog, log)))
      const found = await Effect.runPromiseWith(context)(scratch.read(async (other) => compare(rows, other)))
      return { ...found, deadLetters: now.letters }
    })
    for (;;) {
      const found = yield* attempt
      if (found !== "settling") return found
      yield* Effect.sleep("200 millis")
    }
  })

/** How far the live store has folded, and what it could not. */
interface Live {
  readonly until: ReadonlyMap<string, number>
  readonly letters: readonly DeadLetter[]
}

const liveIn = async (rows: Rows): Promise<Live> => {
  const letters: DeadLetter[] = []
  for await (const chunk of eachLetter(rows)) letters.push(...chunk)
  return { until: await checkpoints(rows), letters }
}

const compare = async (
  live: Rows,
  scratch: Parameters<typeof servingGeneration>[0],
): Promise<Omit<Verification, "deadLetters">> => {
  const refolded = await servingGeneration(scratch)
  if (refolded === undefined) throw new Error("nothing was folded into the scratch store")
  const a = each(dumpRows(live))
  const b = each(dumpRows(new Rows(scratch, refolded)))
  for (let rows = 0; ; rows++) {
    const [left, right] = await Promise.all([a.next(), b.next()])
    if (left.done === true && right.done === true) return { difference: undefined, rows }
    const [liveRow, otherRow] = [left.value ?? undefined, right.value ?? undefined]
    if (liveRow === undefined || otherRow === undefined || !isSame(liveRow, otherRow))
      return { difference: firstOf(liveRow, otherRow), rows }
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
