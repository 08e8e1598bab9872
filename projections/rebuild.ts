/**
 * Rebuild beside, then swap (decision 11): the whole log is folded into a new generation while the old one serves and
 * ingestion goes on, and then takes its place at once. What was folded stands in the store, so that a rebuild that was
 * killed goes on where it was.
 */
import { Effect } from "effect"
import type { EventLog, LogUnavailable, Starts } from "../domain/ports/event-log.ts"
import { KeyValueStore, type Reader, type StoreFault } from "../domain/ports/key-value-store.ts"
import { checkpoints } from "./fold.ts"
import { type FoldFault, makeFolder } from "./folder.ts"
import {
  besideTarget,
  clearSome,
  formerGenerations,
  hold,
  keepSetAside,
  openBeside,
  RebuildLost,
  removeBeside,
  removeFormer,
  replacedGenerations,
  spoilBeside,
  type SwapOutcome,
  swapIn,
} from "./generations.ts"
import { defaultSliceSize } from "./jobs.ts"
import type { Tuple } from "./keys.ts"
import { inPieces } from "./pieces.ts"
import { type RebuildRunning, withRebuildLock } from "./rebuild-lock.ts"
import { Rows } from "./rows.ts"
import { besidePath, formerPath, servingGeneration } from "./subspaces.ts"
import { foldToEnd, type ProjectorOptions } from "./worker.ts"

export interface RebuildOptions extends ProjectorOptions {
  /** Keep the generation that is replaced, under `matyan/former/<id>`; else it is removed, and so are those kept before. */
  readonly keep?: boolean
  /** Leave the removal to {@link removeReplaced}: of many rows it takes minutes, and nothing need wait for it. */
  readonly removeLater?: boolean
  /** Told when folding begins, with where it begins: all zero, or where an earlier rebuild was ended. */
  readonly onBegun?: (from: ReadonlyMap<string, number>) => void
  /** After how long without a sign of life another rebuild is taken for dead, in milliseconds. */
  readonly leaseMillis?: number
}

export type RebuildFault = LogUnavailable | FoldFault | RebuildRunning | RebuildLost

/**
 * Once no more than so many events were folded by projectors meanwhile, the rest is folded while they wait; and also when
 * it grows no smaller by itself, because they fold as fast as the rebuild does.
 */
const littleLeft = 2_000
const shrinks = 0.7

/** Rebuilds all projections. It may run beside any number of gateways and projectors, and be killed at any point. */
export const rebuild = (options: RebuildOptions = {}): Effect.Effect<void, RebuildFault, EventLog | KeyValueStore> =>
  withRebuildLock(options.leaseMillis ?? 5_000, (owner) =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore
      // That of a rebuild that died would make projectors wait in vain.
      yield* store.write(async (tx) => hold(tx, null))
      while ((yield* rebuildOnce(owner, options)) === "torn") yield* dropBeside(owner)
      if (options.keep !== true && options.removeLater !== true) yield* removeAll(yield* store.read(formerGenerations))
    }),
  ).pipe(Effect.catchDefect((defect) => (defect instanceof RebuildLost ? Effect.fail(defect) : Effect.die(defect))))

const rebuildOnce = (owner: string, options: RebuildOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const open = store.write(async (tx) => openBeside(tx, owner))
    const found = yield* open
    const { id } = found.isUsable ? found : yield* Effect.andThen(dropBeside(owner), open)
    const { sliceSize = defaultSliceSize } = options
    const folder = inPieces(yield* makeFolder({ sliceSize, target: besideTarget(owner) }))
    yield* folder.learnDiscards
    options.onBegun?.(yield* folder.checkpoints)
    let folded = 0
    const counted: ProjectorOptions["onFolded"] = (batch, outcome, seconds) => {
      folded += batch.records.length
      options.onFolded?.(batch, outcome, seconds)
    }
    yield* foldToEnd(folder, { onFolded: counted })
    // Then to where the projectors stand and no further: the log may grow faster than anybody folds it.
    const catchUp = Effect.flatMap(store.read(servingCheckpoints), (until) => foldToEnd(folder, { onFolded: counted, until }))
    for (let before = Number.POSITIVE_INFINITY; ; before = folded) {
      folded = 0
      yield* catchUp
      if (folded > littleLeft && folded < before * shrinks) continue
      yield* keptSetAside(store, owner)
      const swap = store.write(async (tx) => swapIn(tx, owner, id, options.keep === true))
      const outcome = yield* whileHeld(store, owner, swapped(swap, catchUp))
      if (outcome !== "behind") return outcome
    }
  })

const servingCheckpoints = async (tx: Reader): Promise<Starts> => {
  const serving = await servingGeneration(tx)
  return serving === undefined ? new Map() : checkpoints(new Rows(tx, serving))
}

/** Swaps, once what the projectors have folded last is folded here too. */
const swapped = <E, R>(
  swap: Effect.Effect<SwapOutcome, StoreFault>,
  catchUp: Effect.Effect<void, E, R>,
): Effect.Effect<SwapOutcome, E | StoreFault, R> =>
  Effect.flatMap(swap, (outcome) => (outcome === "behind" ? Effect.andThen(catchUp, swap) : Effect.succeed(outcome)))

const keptSetAside = (store: KeyValueStore["Service"], owner: string): Effect.Effect<void, StoreFault> =>
  Effect.gen(function* () {
    let after: Tuple | undefined = []
    while (after !== undefined) {
      const from: Tuple = after
      after = yield* store.write(async (tx) => keepSetAside(tx, owner, from))
    }
  })

/** Does the swap while projectors wait; where it is not done they go on. */
const whileHeld = <E, R>(store: KeyValueStore["Service"], owner: string, swap: Effect.Effect<SwapOutcome, E, R>) =>
  store
    .write(async (tx) => hold(tx, owner))
    .pipe(
      Effect.andThen(swap),
      Effect.onExit((exit) =>
        exit._tag === "Success" && exit.value === "swapped"
          ? Effect.void
          : Effect.ignore(store.write(async (tx) => hold(tx, null))),
      ),
    )

const dropBeside = (owner: string): Effect.Effect<void, StoreFault, KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    yield* store.write(async (tx) => spoilBeside(tx, owner))
    yield* clearAll(store, besidePath)
    yield* store.write(async (tx) => removeBeside(tx, owner))
  })

/** Removes, a few rows at a time, what rebuilds have replaced and did not remove, or not all of it before they were ended. */
export const removeReplaced: Effect.Effect<void, StoreFault, KeyValueStore> = Effect.gen(function* () {
  const store = yield* KeyValueStore
  yield* removeAll(yield* store.read(replacedGenerations))
})

const removeAll = (former: readonly number[]): Effect.Effect<void, StoreFault, KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    for (const id of former) {
      yield* clearAll(store, formerPath(id))
      yield* store.write(async (tx) => removeFormer(tx, id))
    }
  })

const clearAll = (store: KeyValueStore["Service"], path: readonly string[]): Effect.Effect<void, StoreFault> =>
  store.write(async (tx) => clearSome(tx, path)).pipe(Effect.repeat({ while: (more) => more }), Effect.asVoid)
