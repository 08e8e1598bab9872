/**
 * Copies of values, next to each other in blocks. LMDB takes a value by the address of its memory, and a small array of its
 * own is first moved to where it has one: that costs more than the put.
 */
export class ValueArena {
  #block = nothing
  #at = 0

  /** A copy, which nobody changes any more. */
  copy(value: Uint8Array): Uint8Array {
    if (value.length > largest) return new Uint8Array(value)
    if (this.#at + value.length > this.#block.length) {
      this.#block = new Uint8Array(blockBytes)
      this.#at = 0
    }
    const begin = this.#at
    this.#at += value.length
    this.#block.set(value, begin)
    return this.#block.subarray(begin, this.#at)
  }
}

const blockBytes = 64 * 1024
/** What is larger has memory of its own anyway, and would leave much of a block unused. */
const largest = 4 * 1024
const nothing = new Uint8Array()
