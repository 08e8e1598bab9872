/** The comparison for a live store whose views do not last: piece by piece, each with a view of its own. */
import { Effect } from "effect"
import { type KeyValueStore, type Reader, type StoreFault, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import type { DumpedRow } from "./dump.ts"
import { checkpoints } from "./fold.ts"
import { hasJobs } from "./jobs.ts"
import { type Difference, differenceOf } from "./row-difference.ts"
import { Rows } from "./rows.ts"
import { comparedSpaces, servingGeneration } from "./subspaces.ts"
import { type Live, liveIn, waitForJobs } from "./verify-live.ts"

/** Rows of one piece: read well within the seconds that a view lasts, even where each is as large as a row may be. */
const pieceRows = 500

/** Passes over all rows until one is not disturbed by folding; the last one counts as it is. */
const mostPasses = 3

export interface Pieces {
  readonly live: KeyValueStore["Service"]
  readonly scratch: KeyValueStore["Service"]
  /** The generation that was serving when the verification began. */
  readonly generation: number
}

export interface PiecesFound {
  readonly difference: Difference | undefined
  readonly rows: number
  readonly isSteady: boolean
  readonly at: Live
}

/**
 * Compares every row of the live store with the scratch store's. Each piece is read together with the checkpoints that it
 * stands at, and the scratch store is folded to just those before it is compared; so a difference is one, whatever is folded
 * meanwhile, and live folding cannot keep the comparison from going on.
 */
export const comparePieces = <E, R>(
  stores: Pieces,
  from: Live,
  refold: (live: Live) => Effect.Effect<void, E, R>,
): Effect.Effect<PiecesFound, E | StoreFault, R> =>
  Effect.gen(function* () {
    let at = from
    for (let pass = 1; ; pass++) {
      let [rows, isSteady] = [0, true]
      for (let place: Place | undefined = start; place !== undefined;) {
        const asked: Place = place
        const piece: Piece | "settling" = yield* stores.live.read((tx) => pieceAt(tx, stores.generation, asked, at))
        if (piece === "settling") {
          yield* waitForJobs
          continue
        }
        if (piece.at !== at) {
          yield* refold(piece.at)
          isSteady = isSteady && rows === 0
          at = piece.at
        }
        const others = yield* stores.scratch.read((tx) => rowsBetween(tx, asked, piece.end))
        const found = firstDifference(piece.rows, others)
        if (found.difference !== undefined) return { difference: found.difference, rows: rows + found.equal, isSteady, at }
        rows += piece.rows.length
        place = piece.next
      }
      if (isSteady || pass === mostPasses) return { difference: undefined, rows, isSteady, at }
    }
  })

/** Where a piece begins: a space, and the bytes of a key in it. */
interface Place {
  readonly space: number
  readonly from: Uint8Array
}

const start: Place = { space: 0, from: new Uint8Array() }
const endOfSpace = Uint8Array.of(0xff)

interface Piece {
  readonly rows: readonly DumpedRow[]
  /** Where it ends, in its space. */
  readonly end: Uint8Array
  readonly next: Place | undefined
  /** The very `known` where the live store stands there still. */
  readonly at: Live
}

const pieceAt = async (tx: Reader, id: number, place: Place, known: Live): Promise<Piece | "settling"> => {
  const generation = await servingGeneration(tx)
  if (generation?.id !== id) throw new StoreUnavailable({ message: "a rebuild was swapped in meanwhile; verify anew" })
  const live = new Rows(tx, generation)
  if (await hasJobs(live)) return "settling"
  const at = isSame(await checkpoints(live), known.until) ? known : await liveIn(live)
  const rows = await rowsOf(live, place, endOfSpace, pieceRows)
  const last = rows.length < pieceRows ? undefined : rows.at(-1)?.key
  if (last !== undefined) {
    const end = Buffer.concat([last, Buffer.alloc(1)])
    return { rows, end, next: { ...place, from: end }, at }
  }
  const next = place.space + 1 < comparedSpaces.length ? { space: place.space + 1, from: start.from } : undefined
  return { rows, end: endOfSpace, next, at }
}

const rowsBetween = async (tx: Reader, place: Place, end: Uint8Array): Promise<readonly DumpedRow[]> => {
  const generation = await servingGeneration(tx)
  if (generation === undefined) throw new Error("nothing was folded into the scratch store")
  return rowsOf(new Rows(tx, generation), place, end)
}

const rowsOf = async (rows: Rows, { space: i, from }: Place, end: Uint8Array, limit?: number): Promise<readonly DumpedRow[]> => {
  const space = comparedSpaces[i]!
  const prefix = rows.key(space, [])
  const found = await rows.tx.range(
    Buffer.concat([prefix, from]),
    Buffer.concat([prefix, end]),
    limit === undefined ? {} : { limit },
  )
  return found.map(([key, value]) => ({ space, key: key.subarray(prefix.length), value }))
}

const firstDifference = (live: readonly DumpedRow[], refolded: readonly DumpedRow[]) => {
  for (let equal = 0; equal < Math.max(live.length, refolded.length); equal++) {
    const difference = differenceOf(live[equal], refolded[equal])
    if (difference !== undefined) return { difference, equal }
  }
  return { difference: undefined, equal: live.length }
}

const isSame = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([partition, next]) => b.get(partition) === next)
