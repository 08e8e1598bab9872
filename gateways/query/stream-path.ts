/**
 * The path before each record of a streamed tree: per component its UTF-8, or FE and 8 bytes big-endian for an int, then
 * FE. UTF-8 never holds FE. An empty text is a lone FE, which every known reader takes for the start of an int, so empty
 * names are refused where they come in.
 */

/** One component of a path; a number that is no int of 64 bits is written as its text. */
export type PathKey = string | number | bigint

const end = 0xfe
const twoTo32 = 2 ** 32

/** The bytes of a path. */
export const encodePath = (path: readonly PathKey[]): Uint8Array => {
  const buffer = new PathBuffer()
  for (const key of path) buffer.enter(key)
  return new Uint8Array(buffer.bytes.subarray(0, buffer.length))
}

/** A path that is walked down and up: setting `length` back to what it was leaves the components entered since. */
export class PathBuffer {
  bytes = Buffer.allocUnsafe(256)
  length = 0

  enter(key: PathKey): void {
    if (typeof key === "string") this.#text(key)
    else if (Number.isSafeInteger(key)) this.enterInt(Number(key))
    else if (typeof key === "bigint" && BigInt.asIntN(64, key) === key)
      this.#words(Number(key >> 32n), Number(key & 0xffff_ffffn))
    else this.#text(String(key))
  }

  /** Enters a safe integer. */
  enterInt(key: number): void {
    this.#words(Math.floor(key / twoTo32), key >>> 0)
  }

  #text(key: string): void {
    this.#reserve(3 * key.length + 1)
    this.length += this.bytes.write(key, this.length)
    this.bytes[this.length] = end
    this.length += 1
  }

  #words(high: number, low: number): void {
    this.#reserve(10)
    const at = this.length
    this.bytes[at] = end
    this.bytes.writeInt32BE(high, at + 1)
    this.bytes.writeUInt32BE(low, at + 5)
    this.bytes[at + 9] = end
    this.length = at + 10
  }

  #reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.length + size))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}
