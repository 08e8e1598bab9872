/** When an installation has come to rest: everything is folded, done and purged, and nothing more comes. */
import { Effect } from "effect"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { partitionName } from "../../domain/ports/event-log.ts"
import { checkpoints } from "../../projections/fold.ts"
import { hasJobs } from "../../projections/jobs.ts"
import { Rows } from "../../projections/rows.ts"
import { servingGeneration } from "../../projections/subspaces.ts"
import type { Cluster } from "./cluster.ts"
import { connectStore } from "./key-value-store.ts"

/** The store as it is, without trouble. */
export const calmStore = ({ versions }: Cluster): KeyValueStore["Service"] => connectStore(versions)

/** Waits until nothing has changed for a while; false where that does not come. */
export const isAtRest = async (
  cluster: Cluster,
  isIdle: () => boolean,
  { mostSteps, mostMillis }: { readonly mostSteps: number; readonly mostMillis: number },
): Promise<boolean> => {
  const { world } = cluster
  const end = world.now + mostMillis
  let before = ""
  for (let still = 0; still < stillLooks;) {
    const next = world.now + lookMillis
    if (!(await world.until(() => world.now >= next, mostSteps))) return false
    const seen = isIdle() ? await restingState(cluster) : null
    still = seen !== null && seen === before ? still + 1 : 0
    before = seen ?? ""
    if (world.now > end) return false
  }
  return true
}

const lookMillis = 2_000
/** As long as the longest time after which a worker looks for something to do. */
const stillLooks = 12

/** What there is, where all of it is folded and nothing is left to do; else null. */
const restingState = async (cluster: Cluster): Promise<string | null> => {
  const ends = cluster.records.ends()
  const done = await Effect.runPromise(
    calmStore(cluster).read(async (tx) => {
      const generation = await servingGeneration(tx)
      if (generation === undefined || generation.holder !== null) return null
      const rows = new Rows(tx, generation)
      const folded = await checkpoints(rows)
      const isFolded = ends.every((end) => (folded.get(partitionName(end)) ?? 0) === end.offset)
      const waits = await Promise.all([["trash"], ["orphans"]].map((what) => rows.under("own", what, { limit: 1 })))
      const isAside = (await rows.under("marks", ["aside"], { limit: 1 })).length === 0
      return isFolded && isAside && !(await hasJobs(rows)) && waits.every((found) => found.length === 0) ? generation.id : null
    }),
  )
  return done === null ? null : JSON.stringify([done, ends])
}
