import { firstAtOrAfter } from "./search.ts"

/** A block that outgrows this is split in two; small enough that inserting into its middle moves little. */
const mostInBlock = 512

/** A set of strings in order: blocks of sorted strings, themselves in order. Adding and deleting cost about the root of its size. */
export class OrderedKeys {
  /** Never without a block; only the only block may be empty. */
  readonly #blocks: string[][] = [[]]

  add(key: string): void {
    const at = this.#blockFor(key)
    const block = this.#blocks[at]!
    const place = firstAtOrAfter(block, key)
    if (block[place] === key) return
    block.splice(place, 0, key)
    if (block.length > mostInBlock) this.#blocks.splice(at + 1, 0, block.splice(mostInBlock >>> 1))
  }

  /** The keys of `[begin, end)`, in order. */
  range(begin: string, end: string): string[] {
    const keys: string[] = []
    for (let at = this.#blockFor(begin); at < this.#blocks.length; at++) {
      const block = this.#blocks[at]!
      for (let place = firstAtOrAfter(block, begin); place < block.length; place++) {
        if (block[place]! >= end) return keys
        keys.push(block[place]!)
      }
    }
    return keys
  }

  /** Takes out the keys of `[begin, end)` and answers them. */
  removeRange(begin: string, end: string): readonly string[] {
    const removed: string[] = []
    for (let at = this.#blockFor(begin); at < this.#blocks.length && (this.#blocks[at]![0] ?? end) < end;) {
      const block = this.#blocks[at]!
      const from = firstAtOrAfter(block, begin)
      removed.push(...block.splice(from, firstAtOrAfter(block, end) - from))
      if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
      else at++
    }
    return removed
  }

  *[Symbol.iterator](): Generator<string> {
    for (const block of this.#blocks) yield* block
  }

  /** The last block that begins at or before the key, or the first block. */
  #blockFor(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#blocks[middle]![0]! <= key) low = middle
      else high = middle
    }
    return low
  }
}
