/** The first runs of an order that no index has, without holding all that match. */
import type { LoadedRun } from "../../projections/search-facts.ts"
import { byBytes } from "../../projections/search-sets.ts"
import { compareValues, type SortKey, sortValues } from "./search-sort.ts"

/** A run and what it is sorted by. */
export interface Ranked {
  readonly run: string
  readonly values: readonly (string | number)[]
}

/** `now` in Unix seconds ends what still runs. */
export const ranked = (keys: readonly SortKey[], run: LoadedRun, now: number): Ranked => ({
  run: run.fields.id,
  values: sortValues(keys, run, now),
})

/** Gathers the first `most` runs of those that come behind one of them. Equal runs are in the order of their ids. */
export class FirstRuns {
  readonly #keys: readonly SortKey[]
  readonly #most: number
  readonly #after: Ranked | null
  #kept: Ranked[] = []
  #before = 0
  #total = 0

  constructor(keys: readonly SortKey[], most: number, after: Ranked | null) {
    this.#keys = keys
    this.#most = most
    this.#after = after
  }

  /** How many were added. */
  get total(): number {
    return this.#total
  }

  /** How many were added that do not come behind the one. */
  get before(): number {
    return this.#before
  }

  add(run: Ranked): void {
    this.#total++
    if (this.#after !== null && this.#compare(run, this.#after) <= 0) {
      this.#before++
      return
    }
    this.#kept.push(run)
    // Twice as many are held, so that each is sorted a few times only.
    if (this.#kept.length >= 2 * this.#most + 100) this.#cut()
  }

  /** Them in order. */
  take(): readonly Ranked[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.#kept.sort((a, b) => this.#compare(a, b))
    if (this.#kept.length > this.#most) this.#kept.length = this.#most
  }

  #compare(a: Ranked, b: Ranked): number {
    return compareValues(this.#keys, a.values, b.values) || byBytes(a.run, b.run)
  }
}
