/** Folds batches into one generation, whatever is in them: what cannot be folded is found, tried again, and buried. */
import { Clock, Data, Effect } from "effect"
import { reached } from "../domain/milestones.ts"
import { MsgpackError } from "../domain/msgpack.ts"
import { type Batch, EventLog, type LogUnavailable, type Starts } from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault, type Transaction, type WriteOptions } from "../domain/ports/key-value-store.ts"
import { bury, markSetAside, notSetAside, passesOver } from "./dead-letters.ts"
import { Defects, type FoldBroken } from "./defects.ts"
import { discarded, discardsAhead } from "./discards.ts"
import { checkpoints, foldBatch, type FoldOutcome, skipBatch } from "./fold.ts"
import { leastSliceSize, mostSliceSize, runSlice } from "./jobs.ts"
import { WritableRows } from "./rows.ts"
import type { Generation } from "./subspaces.ts"

export type FoldFault = StoreFault | FoldBroken

export interface FolderOptions {
  /** Most runs of other aggregates that one transaction touches; fewer where a transaction must be short. */
  readonly sliceSize: number
  /** The generation to fold into; while it has a holder, folding waits. */
  readonly target: (tx: Transaction) => Promise<Generation>
  /** What is to be passed over beside the discarded, by `topic/partition/offset`. */
  readonly passOver?: ReadonlySet<string>
  /** Where the fold is to end, of each partition; what is discarded later does not count for it. */
  readonly until?: Starts
}

export interface Folder {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize: number
  /** What is passed over, by `topic/partition/offset`. */
  readonly passedOver: Effect.Effect<ReadonlySet<string>>
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

/** How a batch is tried. */
interface Manner {
  readonly sliceSize: number
  /** Pass over the one event that it has, and bury it with this reason. */
  readonly skipFor?: string
}

/** How long to wait before an event that failed alone is tried again, in milliseconds: what passes is no reason to bury. */
const patience = [30, 120] as const

export const makeFolder = ({ sliceSize: asked, target, passOver = new Set(), until }: FolderOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const defects = new Defects()
    let passedOver: ReadonlySet<string> = passOver
    let sliceSize = mostSliceSize(asked, store.viewsLast)

    const write = <A>(body: (rows: WritableRows) => Promise<A>, options?: WriteOptions) =>
      store.write(async (tx) => body(new WritableRows(tx, await target(tx))), options)

    /** One try; null where the generation is held. */
    const attempt = (batch: Batch, manner: Manner): Effect.Effect<FoldOutcome | null, StoreFault | FoldFailed> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        // Of the last try: a store may have run the body several times, and may wrap what it threw.
        let thrown: { readonly by: unknown } | undefined
        const body = async (rows: WritableRows): Promise<FoldOutcome | null> => {
          thrown = undefined
          if (rows.generation.holder !== null) return null
          try {
            const outcome = await folded(rows, batch, manner)
            if (outcome._tag === "Folded") await bury(rows, outcome.unfolded, now / 1000)
            reached("fold: before commit")
            return outcome
          } catch (error) {
            thrown = { by: error }
            throw error
          }
        }
        const divisible = batch.records.length > 1 || manner.sliceSize > leastSliceSize
        return Effect.catchDefect(write(body, { divisible }), (defect) =>
          thrown === undefined ? Effect.die(defect) : Effect.fail(new FoldFailed({ cause: thrown.by })),
        )
      })

    const folded = ({ tx, generation }: WritableRows, batch: Batch, manner: Manner): Promise<FoldOutcome> =>
      manner.skipFor === undefined
        ? foldBatch(tx, generation, batch, manner.sliceSize, passesOver(passedOver))
        : skipBatch(tx, generation, batch, manner.skipFor)

    const unheld = (batch: Batch, manner: Manner): Effect.Effect<FoldOutcome, StoreFault | FoldFailed> =>
      Effect.flatMap(attempt(batch, manner), (outcome) =>
        outcome === null
          ? Effect.andThen(
              Effect.sleep("20 millis"),
              Effect.suspend(() => unheld(batch, manner)),
            )
          : Effect.succeed(outcome),
      )

    const foldedWell = (batch: Batch, outcome: FoldOutcome): void => {
      reached("fold: after commit")
      defects.folded(batch, outcome)
    }

    const fold = (batch: Batch): Effect.Effect<FoldOutcome, FoldFault> => foldIn(batch, sliceSize)

    const foldIn = (batch: Batch, size: number): Effect.Effect<FoldOutcome, FoldFault> =>
      unheld(batch, { sliceSize: size }).pipe(
        Effect.tap((outcome) => Effect.sync(() => foldedWell(batch, outcome))),
        Effect.catchTags({
          TransactionTooLarge: (fault) => {
            if (batch.records.length > 1) return halves(batch)
            // What one event does to other runs can be left to a job, and only that.
            return size > leastSliceSize ? foldIn(batch, leastSliceSize) : buried(batch, fault)
          },
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
        Effect.andThen(unheld(batch, { sliceSize: leastSliceSize })),
        Effect.tap((outcome) => Effect.sync(() => defects.folded(batch, outcome))),
        Effect.catchTags({
          TransactionTooLarge: (fault) => buried(batch, fault),
          FoldFailed: (failed) => again(batch, failed.cause, rest),
        }),
      )
    }

    const buried = (batch: Batch, reason: unknown): Effect.Effect<FoldOutcome, StoreFault> =>
      Effect.logError("an event cannot be folded and becomes a dead letter", reason).pipe(
        Effect.andThen(unheld(batch, { sliceSize: leastSliceSize, skipFor: messageOf(reason) })),
        Effect.catchTag("FoldFailed", ({ cause }) => Effect.die(cause)),
      )

    /** One slice of a job, smaller from now on where it was too much for a transaction; whether there may be more. */
    const slice: Effect.Effect<boolean, StoreFault> = Effect.suspend(() => {
      const size = sliceSize
      return Effect.catchTag(
        write((rows) => runSlice(rows, size), { divisible: size > leastSliceSize }),
        "TransactionTooLarge",
        (fault) => {
          sliceSize = Math.max(leastSliceSize, size >> 1)
          return size > leastSliceSize ? Effect.succeed(true) : Effect.fail(fault)
        },
      )
    })
    const folder: Folder = {
      sliceSize: asked,
      passedOver: Effect.sync(() => passedOver),
      prepare: write(async () => undefined),
      checkpoints: write(checkpoints),
      learnDiscards: Effect.gen(function* () {
        const { known, from } = yield* write(async (rows) => ({ known: await discarded(rows), from: await checkpoints(rows) }))
        passedOver = new Set([...passOver, ...known.keys(), ...(yield* discardsAhead(from, until))])
      }),
      fold,
      settle: slice.pipe(Effect.repeat({ while: (more) => more }), Effect.asVoid),
      setAside: Effect.gen(function* () {
        const log = yield* EventLog
        for (;;) {
          const letters = yield* write(notSetAside)
          if (letters.length === 0) return
          yield* log.setAside(letters)
          reached("letter: set aside")
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
