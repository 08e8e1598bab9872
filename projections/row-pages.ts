/** Reading many rows page by page, each in a transaction of its own, so that none of them is long or large. */
import { Effect } from "effect"
import type { StoreFault } from "../domain/ports/key-value-store.ts"
import type { Tuple } from "./keys.ts"
import type { Below, Rows } from "./rows.ts"
import type { Space } from "./subspaces.ts"
import type { View } from "./view.ts"

export interface Page {
  readonly limit: number
  /** Begins after the row whose tuple goes on with this. */
  readonly after?: string
}

/** The rows of a page below a tuple that go on with a text. Their values must be small: parts of a large one count as rows. */
export const pageUnder = (rows: Rows, space: Space, tuple: Tuple, { limit, after }: Page): Promise<readonly Below[]> =>
  // No text stands between another and the same with a NUL.
  rows.between(space, tuple, after === undefined ? [] : [`${after}\0`], null, { limit })

/** Reads page after page, and takes each; `keyOf` is where the next one begins. Ends early where `take` answers false. */
export const eachPage = <A, E, R>(
  view: View,
  read: (rows: Rows, page: Page) => Promise<readonly A[]>,
  keyOf: (item: A) => string,
  take: (items: readonly A[]) => Effect.Effect<boolean, E, R>,
  limit = 1_000,
): Effect.Effect<void, E | StoreFault, R> =>
  Effect.gen(function* () {
    for (let after: string | undefined; ;) {
      const page: Page = after === undefined ? { limit } : { limit, after }
      const items = yield* view.read((rows) => read(rows, page))
      const goesOn = items.length === 0 || (yield* take(items))
      const last = items.at(-1)
      if (!goesOn || last === undefined || items.length < limit) return
      after = keyOf(last)
    }
  })
