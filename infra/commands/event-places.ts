/** Where the events of a run or an entity stand, so that no log need be read whole for them. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { EventLog, type LogUnavailable, partitionName } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { Position, Recorded, Undecodable } from "../../events/index.ts"
import { checkpoints } from "../../projections/fold.ts"
import { otherFoldVersion } from "../../projections/generations.ts"
import { positionsOf, type Stream as Places } from "../../projections/positions.ts"
import type { Rows } from "../../projections/rows.ts"
import type { Subject } from "../../projections/subjects.ts"
import { makeView } from "../../projections/view.ts"
import type { Settings } from "../config.ts"
import { store } from "../engines.ts"

/** What the projections know of a subject's events. */
interface Known {
  readonly positions: readonly Position[]
  /** Up to where, by partition, they know it. */
  readonly until: ReadonlyMap<string, number>
}

type Read = Stream.Stream<readonly (Recorded | Undecodable)[], LogUnavailable, EventLog>

/** Records that are held at once: one may have 8 MiB. */
const atOnce = 32

/**
 * The records of a subject that the projections know of, then all that the log holds beyond them; the whole log where the
 * projections cannot be asked.
 */
export const recordsAbout = (chosen: Settings, subject: Subject, isFollowing: boolean): Read =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { positions, until } = yield* knownOf(chosen, subject)
      const log = yield* EventLog
      const known = Stream.fromIterable(sliced(positions)).pipe(
        Stream.mapEffect((some) => log.recordsAt(some)),
        Stream.map((records) => records.filter((record) => record !== undefined)),
      )
      const rest = isFollowing ? log.follow(until) : log.source(until)
      return Stream.concat(
        known,
        Stream.map(rest, ({ records }) => records),
      )
    }),
  )

const nothing: Known = { positions: [], until: new Map() }

const knownOf = (chosen: Settings, subject: Subject): Effect.Effect<Known> => {
  // The embedded store would be made where there is none.
  if (chosen.store === "lmdb" && !existsSync(join(chosen.dataDir, "store"))) return Effect.succeed(nothing)
  const read = Effect.gen(function* () {
    if ((yield* KeyValueStore.use(({ read }) => read(otherFoldVersion))) !== null) return nothing
    const view = yield* makeView
    return yield* view.read((rows) => knownIn(rows, subject))
  })
  return read.pipe(
    Effect.provide(store(chosen)),
    Effect.catch(() => Effect.succeed(nothing)),
  )
}

const knownIn = async (rows: Rows, subject: Subject): Promise<Known> => {
  const positions: Position[] = []
  for (const topic of ["control-events", "data-ingestion"] as const) {
    const places: Places = { topic, ...subject }
    const stretch = { from: 0, to: Number.POSITIVE_INFINITY }
    for (const { position } of await positionsOf(rows, places, stretch)) positions.push(position)
  }
  const until = await checkpoints(rows)
  return { positions: positions.filter((position) => position.offset < (until.get(partitionName(position)) ?? 0)), until }
}

const sliced = (positions: readonly Position[]): readonly (readonly Position[])[] =>
  Array.from({ length: Math.ceil(positions.length / atOnce) }, (_, i) => positions.slice(i * atOnce, (i + 1) * atOnce))
