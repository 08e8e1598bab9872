/** Uploads in parts that nobody completed: they go with their run, or a week after they were begun. */
import { Effect } from "effect"
import { BlobStore, type BlobStoreUnavailable, type UnfinishedUpload } from "../domain/ports/blob-store.ts"
import type { StoreFault } from "../domain/ports/key-value-store.ts"
import { standing } from "./orphans.ts"
import type { View } from "./view.ts"

/** How long an upload may take. */
const longestHours = 168

/** Gives up what was begun for longer than a week, and answers how many uploads that were. */
export const giveUpOld = (
  view: View,
  { now, dryRun, unknownRuns }: { readonly now: number; readonly dryRun: boolean; readonly unknownRuns: boolean },
): Effect.Effect<number, BlobStoreUnavailable | StoreFault, BlobStore> =>
  Effect.gen(function* () {
    const blobs = yield* BlobStore
    // Where others store as well, what no run is known for may be theirs.
    const isOurs = unknownRuns || blobs.local !== null
    const old = (yield* blobs.parts.unfinished("")).filter(({ begun }) => begun < now - longestHours * 3_600)
    let count = 0
    for (const upload of old) {
      if (!isOurs && (yield* view.read((rows) => standing(rows, runOf(upload)))) === "unknown") continue
      if (!dryRun) yield* blobs.parts.abort(upload)
      count++
    }
    return count
  })

const runOf = ({ key }: UnfinishedUpload): string => key.split("/", 1)[0] ?? ""
