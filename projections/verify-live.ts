/** What a verification must know of the live store. */
import { Effect } from "effect"
import { type DeadLetter, eachLetter } from "./dead-letters.ts"
import { checkpoints } from "./fold.ts"
import type { Rows } from "./rows.ts"

/** How far the live store has folded, and what it could not. */
export interface Live {
  readonly until: ReadonlyMap<string, number>
  readonly letters: readonly DeadLetter[]
}

export const liveIn = async (rows: Rows): Promise<Live> => {
  const letters: DeadLetter[] = []
  for await (const chunk of eachLetter(rows)) letters.push(...chunk)
  return { until: await checkpoints(rows), letters }
}

/** A store with jobs left is between two states; the projector does them. */
export const waitForJobs = Effect.sleep("200 millis")
