import { firstAfter, firstAtOrAfter } from "./search.ts"

/** A set of keys made of half-open intervals `[begin, end)`, kept disjoint and in order. */
export class Intervals {
  readonly #begins: string[] = []
  readonly #ends: string[] = []

  get isEmpty(): boolean {
    return this.#begins.length === 0
  }

  add(begin: string, end: string): void {
    if (begin >= end) return
    const from = firstAtOrAfter(this.#ends, begin)
    const to = firstAfter(this.#begins, end)
    const least = from < to ? this.#begins[from]! : begin
    const most = from < to ? this.#ends[to - 1]! : end
    this.#begins.splice(from, to - from, least < begin ? least : begin)
    this.#ends.splice(from, to - from, most > end ? most : end)
  }

  has(key: string): boolean {
    const at = firstAfter(this.#begins, key) - 1
    return at >= 0 && key < this.#ends[at]!
  }

  /** The parts of `[begin, end)` that are not in the set, in order. */
  gaps(begin: string, end: string): (readonly [begin: string, end: string])[] {
    const gaps: [string, string][] = []
    let from = begin
    for (let i = firstAfter(this.#ends, begin); i < this.#begins.length && this.#begins[i]! < end; i++) {
      if (from < this.#begins[i]!) gaps.push([from, this.#begins[i]!])
      from = this.#ends[i]!
    }
    if (from < end) gaps.push([from, end])
    return gaps
  }

  *[Symbol.iterator](): Generator<readonly [begin: string, end: string]> {
    for (let i = 0; i < this.#begins.length; i++) yield [this.#begins[i]!, this.#ends[i]!]
  }
}
