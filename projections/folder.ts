/** Folds batches into one generation, whatever is in them: what cannot be folded is found, tried again, and buried. */
import { Clock, Data, Effect } from "effect"
import { MsgpackError } from "../domain/msgpack.ts"
import { type Batch, EventLog, type LogUnavailable } from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault, type Transaction } from "../domain/ports/key-value-store.ts"
import { bury, markSetAside, notSetAside, passesOver } from "./dead-letters.ts"
import { Defects, type FoldBroken } from "./defects.ts"
import { discarded, discardsAhead } from "./discards.ts"
import { checkpoints, foldBatch, type FoldOutcome, skipBatch } from "./fold.ts"
import { runSlice } from "./jobs.ts"
import { WritableRows } from "./rows.ts"
import type { Generation } from "./subspaces.ts"

export type FoldFault = StoreFault | FoldBroken

export interface FolderOptions {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize: number
  /** The generation to fold into; while it has a holder, folding waits. */
  readonly target: (tx: Transaction) => Promise<Generation>
  /** What is to be passed over beside the discarded, by `topic/partition/offset`. */
  readonly passOver?: ReadonlySet<string>
}

export interface Folder {
  readonly prepare: Effect.Effect<void, StoreFault>
  readonly checkpoints: Effect.Effect<ReadonlyMap<string, number>, StoreFault>
  /** Learns what the log discards, so that it is passed over; to be done before folding begins. */
  readonly learnDiscards: Effect.Effect<void, StoreFault | LogUnavailable, EventLog>
  readonly fold: (batch: Batch) => Effect.Effect<FoldOutcome, FoldFault>
  /** Does all jobs that are left. */
  readonly settle: Effect.Effect<void, StoreFault>
  /** Asks the log to set aside the letters that it was not yet asked for. */
  readonly setAside: Effect.Effect<void, StoreFault | LogUnavailable, EventLog>
}

/** The fold of a batch threw what is no fault of the store. */
class FoldFailed extends Data.TaggedError("FoldFailed")<{ readonly cause: unknown }> {}

/** How long to wait before an event that failed alone is tried again, in milliseconds: what passes is no reason to bury. */
const patience = [30, 120] as const

export const makeFolder = ({ sliceSize, target, passOver = new Set() }: FolderOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const defects = new Defects()
    let passedOver = passOver

    const write = <A>(body: (rows: WritableRows) => Promise<A>) =>
      store.write(async (tx) => body(new WritableRows(tx, await target(tx))))

    /** One try; null where the generation is held. */
    const attempt = (batch: Batch, skipFor?: string): Effect.Effect<FoldOutcome | null, StoreFault | FoldFailed> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        // Of the last try: a store may have run the body several times, and may wrap what it threw.
        let thrown: { readonly by: unknown } | undefined
        const body = async (rows: WritableRows): Promise<FoldOutcome | null> => {
          thrown = undefined
          if (rows.generation.holder !== null) return null
          try {
            const outcome = await folded(rows, batch, skipFor)
            if (outcome._tag === "Folded") await bury(rows, outcome.unfolded, now / 1000)
            return outcome
          } catch (error) {
            thrown = { by: error }
            throw error
          }
        }
        return Effect.catchDefect(write(body), (defect) =>
          thrown === undefined ? Effect.die(defect) : Effect.fail(new FoldFailed({ cause: thrown.by })),
        )
      })

    const folded = ({ tx, generation }: WritableRows, batch: Batch, skipFor: string | undefined): Promise<FoldOutcome> =>
      skipFor === undefined
        ? foldBatch(tx, generation, batch, sliceSize, passesOver(passedOver))
        : skipBatch(tx, generation, batch, skipFor)

    const unheld = (batch: Batch, skipFor?: string): Effect.Effect<FoldOutcome, StoreFault | FoldFailed> =>
      Effect.flatMap(attempt(batch, skipFor), (outcome) =>
        outcome === null
          ? Effect.andThen(
              Effect.sleep("20 millis"),
              Effect.suspend(() => unheld(batch, skipFor)),
            )
          : Effect.succeed(outcome),
      )

    const fold = (batch: Batch): Effect.Effect<FoldOutcome, FoldFault> =>
      unheld(batch).pipe(
        Effect.tap((outcome) => Effect.sync(() => defects.folded(batch, outcome))),
        Effect.catchTags({
          TransactionTooLarge: (fault) => (batch.records.length > 1 ? halves(batch) : buried(batch, fault)),
          FoldFailed: ({ cause }) => (batch.records.length > 1 ? halves(batch) : again(batch, cause, patience)),
        }),
      )

    /** For a batch that fails whole: what fails in it is found by halves, and all else is folded. */
    const halves = (batch: Batch): Effect.Effect<FoldOutcome, FoldFault> => {
      const middle = batch.records.length >> 1
      const records = [batch.records.slice(0, middle), batch.records.slice(middle)] as const
      const first = fold({ ...batch, records: records[0], next: records[1][0]?.position.offset ?? batch.next })
      return Effect.flatMap(first, (outcome) =>
        outcome._tag === "OutOfStep"
          ? Effect.succeed(outcome)
          : Effect.map(fold({ ...batch, records: records[1] }), both(outcome)),
      )
    }

    /** An event that fails alone: tried again a few times, then buried, unless all of its kind fail. */
    const again = (batch: Batch, cause: unknown, waits: readonly number[]): Effect.Effect<FoldOutcome, FoldFault> => {
      const [wait, ...rest] = cause instanceof MsgpackError ? [] : waits
      if (wait === undefined) {
        const broken = defects.failed(batch.records[0]!, cause)
        return broken === null ? buried(batch, cause) : Effect.fail(broken)
      }
      return Effect.sleep(wait).pipe(
        Effect.andThen(unheld(batch)),
        Effect.tap((outcome) => Effect.sync(() => defects.folded(batch, outcome))),
        Effect.catchTags({
          TransactionTooLarge: (fault) => buried(batch, fault),
          FoldFailed: (failed) => again(batch, failed.cause, rest),
        }),
      )
    }

    const buried = (batch: Batch, reason: unknown): Effect.Effect<FoldOutcome, StoreFault> =>
      Effect.logError("an event cannot be folded and becomes a dead letter", reason).pipe(
        Effect.andThen(unheld(batch, messageOf(reason))),
        Effect.catchTag("FoldFailed", ({ cause }) => Effect.die(cause)),
      )

    const slice = write((rows) => runSlice(rows, sliceSize))
    const folder: Folder = {
      prepare: write(async () => undefined),
      checkpoints: write(checkpoints),
      learnDiscards: Effect.gen(function* () {
        const { known, from } = yield* write(async (rows) => ({ known: await discarded(rows), from: await checkpoints(rows) }))
        passedOver = new Set([...passOver, ...known.keys(), ...(yield* discardsAhead(from))])
      }),
      fold,
      settle: slice.pipe(Effect.repeat({ while: (more) => more }), Effect.asVoid),
      setAside: Effect.gen(function* () {
        const log = yield* EventLog
        for (;;) {
          const letters = yield* write(notSetAside)
          if (letters.length === 0) return
          yield* log.setAside(letters)
          yield* write(async (rows) => markSetAside(rows, letters))
        }
      }),
    }
    return folder
  })

/** What came of two batches in a row, the first of which was folded. */
const both =
  (first: FoldOutcome) =>
  (second: FoldOutcome): FoldOutcome =>
    first._tag === "Folded" && second._tag === "Folded"
      ? { ...second, unfolded: [...first.unfolded, ...second.unfolded] }
      : second

const messageOf = (reason: unknown): string => `the fold failed: ${reason instanceof Error ? reason.message : String(reason)}`
