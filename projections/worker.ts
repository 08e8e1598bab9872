/** The projector: follows the log and folds it, from where the checkpoints say, for ever. */
import { Effect, Latch, Stream } from "effect"
import { type Batch, EventLog, type LogUnavailable, partitionName, type Share } from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault, type Transaction } from "../domain/ports/key-value-store.ts"
import { bury } from "./dead-letters.ts"
import { checkpoints, foldBatch, type FoldOutcome, skipBatch } from "./fold.ts"
import { defaultSliceSize, runSlice } from "./jobs.ts"
import { paced } from "./pace.ts"
import { Rows, WritableRows } from "./rows.ts"
import { createGeneration, type Generation, generationCache } from "./subspaces.ts"

export interface ProjectorOptions {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize?: number
  readonly onFolded?: (batch: Batch, outcome: FoldOutcome) => void
}

export interface CatchUpOptions extends ProjectorOptions {
  /** Fold each partition up to this offset, exclusive, by `topic/partition` (0 where it is not named); to the log's end by default. */
  readonly until?: ReadonlyMap<string, number>
}

/** The group whose members share the partitions among them. */
export const projectorGroup = "matyan-projectors"

/** Folds for ever; ends only by interruption. Faults of the log or the store are waited out, never skipped. */
export const project = (options: ProjectorOptions = {}): Effect.Effect<never, never, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const folder = yield* makeFolder(options.sliceSize ?? defaultSliceSize)
    const round = Effect.gen(function* () {
      yield* folder.prepare
      yield* folder.settle
      const jobs = yield* Latch.make()
      const share: Share<StoreFault> = {
        start: (partition) => Effect.map(folder.checkpoints, (from) => from.get(partitionName(partition)) ?? 0),
        take: paced((batch) => foldShared(folder, batch, jobs, options.onFolded)),
      }
      yield* Effect.raceFirst(log.share(projectorGroup, share), slices(folder, jobs))
    })
    const wait = (fault: LogUnavailable | StoreFault) =>
      Effect.logWarning("the projector waits for a fault to pass", fault).pipe(Effect.andThen(Effect.sleep("500 millis")))
    return yield* round.pipe(Effect.catch(wait), Effect.forever)
  })

/** Makes the first generation where there is none, so that views can be opened before the projector's first batch. */
export const prepare: Effect.Effect<void, StoreFault, KeyValueStore> = Effect.suspend(() =>
  Effect.flatMap(makeFolder(defaultSliceSize), (folder) => folder.prepare),
)

/** Folds everything that is in the log now, jobs included, then ends; the rebuild's and the tests' way. */
export const catchUp = (
  options: CatchUpOptions = {},
): Effect.Effect<void, LogUnavailable | StoreFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const folder = yield* makeFolder(options.sliceSize ?? defaultSliceSize)
    yield* folder.prepare
    const from = yield* folder.checkpoints
    yield* Stream.runForEach(log.source(from), (whole) => {
      // A partition that is not named is not to be folded at all.
      const batch = options.until === undefined ? whole : cutAt(whole, options.until.get(partitionName(whole)) ?? 0)
      return folder.fold(batch).pipe(Effect.tap((outcome) => Effect.sync(() => options.onFolded?.(batch, outcome))))
    })
    yield* folder.settle
  })

/** The part of a batch before an offset; a part that is empty folds to nothing. */
const cutAt = (batch: Batch, until: number): Batch =>
  batch.next <= until
    ? batch
    : { ...batch, records: batch.records.filter(({ position }) => position.offset < until), next: Math.min(batch.next, until) }

/** Folds a batch, and answers where to go on: after it, or where the checkpoint stands when another has folded meanwhile. */
const foldShared = (folder: Folder, batch: Batch, jobs: Latch.Latch, onFolded: ProjectorOptions["onFolded"]) =>
  Effect.gen(function* () {
    const outcome = yield* folder.fold(batch)
    onFolded?.(batch, outcome)
    if (outcome._tag === "OutOfStep") return yield* Effect.as(Effect.sleep("10 millis"), outcome.checkpoint)
    if (outcome.hasJobs) yield* jobs.open
    return batch.next
  })

/**
 * Does jobs while there are any, whether or not batches come. The store takes one transaction at a time in the order in
 * which they are asked for, so slices and batches take turns: a large job does not hold up what is new.
 */
const slices = (folder: Folder, jobs: Latch.Latch): Effect.Effect<never, StoreFault> =>
  // Closed before looking, so that a job that a batch leaves meanwhile opens it again.
  jobs.await.pipe(Effect.andThen(jobs.close), Effect.andThen(folder.settle), Effect.forever)

interface Folder {
  readonly prepare: Effect.Effect<void, StoreFault>
  readonly checkpoints: Effect.Effect<ReadonlyMap<string, number>, StoreFault>
  readonly fold: (batch: Batch) => Effect.Effect<FoldOutcome, StoreFault>
  readonly slice: Effect.Effect<boolean, StoreFault>
  /** Does all jobs that are left. */
  readonly settle: Effect.Effect<void, StoreFault>
}

const makeFolder = (sliceSize: number) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const generationOf = generationCache()
    const inGeneration =
      <A>(body: (tx: Transaction, generation: Generation) => Promise<A>) =>
      async (tx: Transaction): Promise<A> =>
        body(tx, (await generationOf(tx)) ?? (await createGeneration(tx)))
    const fold = (batch: Batch): Effect.Effect<FoldOutcome, StoreFault> =>
      store.write(inGeneration(async (tx, generation) => foldAndBury(tx, generation, batch, sliceSize))).pipe(
        Effect.catchTag("TransactionTooLarge", (fault) => foldApart(batch, fault)),
        // Nothing of the store's: the fold itself fails on an event, and would for ever.
        Effect.catchDefect((defect) => foldApart(batch, defect)),
      )
    const foldApart = (batch: Batch, reason: unknown): Effect.Effect<FoldOutcome, StoreFault> =>
      batch.records.length > 1 ? foldHalves(fold, batch) : buryAlone(batch, reason)
    const buryAlone = (batch: Batch, reason: unknown): Effect.Effect<FoldOutcome, StoreFault> =>
      Effect.logError("an event cannot be folded and becomes a dead letter", reason).pipe(
        Effect.andThen(store.write(inGeneration((tx, generation) => skipAndBury(tx, generation, batch, messageOf(reason))))),
      )
    const slice = store.write(inGeneration((tx, generation) => runSlice(new WritableRows(tx, generation), sliceSize)))
    const folder: Folder = {
      prepare: store.write(inGeneration(async () => undefined)),
      checkpoints: store.write(inGeneration((tx, generation) => checkpoints(new Rows(tx, generation)))),
      fold,
      slice,
      settle: slice.pipe(Effect.repeat({ while: (again) => again }), Effect.asVoid),
    }
    return folder
  })

const foldAndBury = async (tx: Transaction, generation: Generation, batch: Batch, sliceSize: number): Promise<FoldOutcome> => {
  const outcome = await foldBatch(tx, generation, batch, sliceSize)
  if (outcome._tag === "Folded" && outcome.unfolded.length > 0) await bury(tx, outcome.unfolded)
  return outcome
}

/** Folds a batch in two, for a batch that fails whole: what fails in it is found by halves, and all else is folded. */
const foldHalves = (
  fold: (batch: Batch) => Effect.Effect<FoldOutcome, StoreFault>,
  batch: Batch,
): Effect.Effect<FoldOutcome, StoreFault> => {
  const middle = batch.records.length >> 1
  const records = [batch.records.slice(0, middle), batch.records.slice(middle)] as const
  const first = fold({ ...batch, records: records[0], next: records[1][0]?.position.offset ?? batch.next })
  return first.pipe(
    Effect.flatMap((outcome) =>
      outcome._tag === "OutOfStep" ? Effect.succeed(outcome) : fold({ ...batch, records: records[1] }),
    ),
  )
}

/** Goes past a batch of one event that cannot be folded. */
const skipAndBury = async (tx: Transaction, generation: Generation, batch: Batch, reason: string): Promise<FoldOutcome> => {
  const outcome = await skipBatch(tx, generation, batch, reason)
  if (outcome._tag === "Folded") await bury(tx, outcome.unfolded)
  return outcome
}

const messageOf = (reason: unknown): string => `the fold failed: ${reason instanceof Error ? reason.message : String(reason)}`
