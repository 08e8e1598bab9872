/**
 * Rebuild beside, then swap (decision 11): the whole log is folded into a new generation while the old one serves and
 * ingestion goes on, and then takes its place at once. What was folded stands in the store, so that a rebuild that was
 * killed goes on where it was.
 */
import { Clock, Effect } from "effect"
import { reached } from "../domain/milestones.ts"
import type { EventLog, LogUnavailable, Starts } from "../domain/ports/event-log.ts"
import { KeyValueStore, type Reader, type StoreFault } from "../domain/ports/key-value-store.ts"
import { abandonBeside, besideTarget, openBeside, RebuildLost, removeBeside, spoilBeside } from "./beside.ts"
import { checkpoints } from "./fold.ts"
import { foldToEnd, type ToEndOptions } from "./fold-to-end.ts"
import { type FoldFault, makeFolder } from "./folder.ts"
import { clearBelow, type Kept, removeReplaced } from "./former.ts"
import { hold, keepSetAside, type SwapOutcome, swapIn } from "./generations.ts"
import { defaultSliceSize } from "./jobs.ts"
import type { Tuple } from "./keys.ts"
import { inPieces } from "./pieces.ts"
import type { Place } from "./places.ts"
import { type RebuildRunning, withRebuildLock } from "./rebuild-lock.ts"
import { Rows } from "./rows.ts"
import { besidePath, servingGeneration } from "./subspaces.ts"

export interface RebuildOptions extends Pick<ToEndOptions, "onFolded"> {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize?: number
  /** Keep the generation that is replaced until somebody removes it. */
  readonly keep?: boolean
  /** Else for how long it is kept after it was replaced, in milliseconds; 0, the default, removes it at once. */
  readonly keepMillis?: number
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
  whileRebuilding(options, (owner) =>
    Effect.gen(function* () {
      while ((yield* rebuildOnce(owner, options)) === "torn") yield* dropBeside(owner)
    }),
  )

/** Does what ends with a swap: one at a time, and afterwards what was replaced goes, where it is not kept. */
export const whileRebuilding = <A, E>(
  options: RebuildOptions,
  work: (owner: string) => Effect.Effect<A, E, EventLog | KeyValueStore>,
): Effect.Effect<A, E | RebuildFault, EventLog | KeyValueStore> =>
  withRebuildLock(options.leaseMillis ?? 5_000, (owner) =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore
      // That of a rebuild that died would make projectors wait in vain.
      yield* store.write(async (tx) => hold(tx, null))
      const answer = yield* work(owner)
      if (options.removeLater !== true) yield* removeReplaced
      return answer
    }),
  ).pipe(Effect.catchDefect((defect) => (defect instanceof RebuildLost ? Effect.fail(defect) : Effect.die(defect))))

/** Removes what a rebuild or rollback that died has left; false where that is another generation, or there is none. */
export const abandonRebuild = (id: number): Effect.Effect<boolean, RebuildFault, EventLog | KeyValueStore> =>
  whileRebuilding({}, () => KeyValueStore.use((store) => store.write(async (tx) => abandonBeside(tx, id))))

const rebuildOnce = (owner: string, options: RebuildOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const now = yield* Clock.currentTimeMillis
    const open = store.write(async (tx) => openBeside(tx, owner, now))
    const found = yield* open
    const { id } = found.isUsable ? found : yield* Effect.andThen(dropBeside(owner), open)
    return yield* takeOver(owner, id, options)
  })

/** Folds into the generation beside what it lacks, and lets it serve. */
export const takeOver = (owner: string, id: number, options: RebuildOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const { sliceSize = defaultSliceSize } = options
    const place: Place = { kind: "beside", owner }
    const folder = inPieces(yield* makeFolder({ sliceSize, target: besideTarget(owner) }))
    reached("rebuild: opened")
    yield* folder.learnDiscards
    options.onBegun?.(yield* folder.checkpoints)
    let folded = 0
    const counted: ToEndOptions["onFolded"] = (part) => {
      folded += part.events
      reached("rebuild: some folded")
      options.onFolded?.(part)
    }
    yield* foldToEnd(folder, { onFolded: counted, place })
    // Then to where the projectors stand and no further: the log may grow faster than anybody folds it.
    const catchUp = Effect.flatMap(store.read(servingCheckpoints), (until) =>
      foldToEnd(folder, { onFolded: counted, until, place }),
    )
    for (let before = Number.POSITIVE_INFINITY; ; before = folded) {
      folded = 0
      yield* catchUp
      if (folded > littleLeft && folded < before * shrinks) continue
      yield* keptSetAside(store, owner)
      reached("rebuild: before hold")
      const kept = keptFrom(yield* Clock.currentTimeMillis, options)
      const swap = store.write(async (tx) => swapIn(tx, owner, id, kept))
      const outcome = yield* whileHeld(store, owner, swapped(swap, catchUp))
      if (outcome === "swapped") reached("rebuild: swapped")
      if (outcome !== "behind") return outcome
    }
  })

const keptFrom = (replacedAt: number, { keep, keepMillis = 0 }: RebuildOptions): Kept => ({
  replacedAt,
  until: keep === true ? null : replacedAt + keepMillis,
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
      Effect.andThen(Effect.sync(() => reached("rebuild: held"))),
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
    yield* clearBelow(besidePath)
    yield* store.write(async (tx) => removeBeside(tx, owner))
  })
