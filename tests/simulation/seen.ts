/** How much of the log readers were shown: who begins to read after another has ended is shown no less. */
import { Effect } from "effect"
import { checkpoints } from "../../projections/fold.ts"
import type { Rows } from "../../projections/rows.ts"
import type { View } from "../../projections/view.ts"

export class Seen {
  readonly #most = new Map<string, number>()
  readonly #onStepBack: (what: string) => void

  constructor(onStepBack: (what: string) => void) {
    this.#onStepBack = onStepBack
  }

  /** Reads, and holds what is shown against what was shown before it began. */
  read<A>(view: View, body: (rows: Rows) => Promise<A>): ReturnType<typeof view.read<A>> {
    return Effect.suspend(() => {
      const before = new Map(this.#most)
      let shown: ReadonlyMap<string, number> = new Map()
      const looked = view.read(async (rows) => {
        shown = await checkpoints(rows)
        return body(rows)
      })
      return Effect.tap(looked, () => Effect.sync(() => this.#hold(before, shown)))
    })
  }

  #hold(before: ReadonlyMap<string, number>, shown: ReadonlyMap<string, number>): void {
    for (const [partition, offset] of before) {
      const now = shown.get(partition) ?? 0
      if (now < offset) this.#onStepBack(`a read of ${partition} steps back from ${offset} to ${now}`)
    }
    for (const [partition, offset] of shown) this.#most.set(partition, Math.max(offset, this.#most.get(partition) ?? 0))
  }
}
