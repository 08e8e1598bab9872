/** Memory that values are written to one after the other, each copied out when it is done. */
export class ScratchBytes {
  protected buffer = Buffer.allocUnsafeSlow(smallest)
  #at = 0

  /** Begins a value; what another had written is gone. */
  begin(): void {
    this.#at = 0
    // What one large value needed is not kept for ever.
    if (this.buffer.length > largestKept) this.buffer = Buffer.allocUnsafeSlow(smallest)
  }

  /** A copy of what was written, with memory of its own. */
  done(): Uint8Array {
    const bytes = new Uint8Array(this.#at)
    if (bytes.length > short) bytes.set(this.buffer.subarray(0, this.#at))
    else for (let i = 0; i < bytes.length; i++) bytes[i] = this.buffer[i]!
    return bytes
  }

  /** Where the next bytes are to be written. */
  protected reserve(size: number): number {
    const at = this.#at
    if (at + size > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, at + size))
      this.buffer.copy(larger, 0, 0, at)
      this.buffer = larger
    }
    this.#at = at + size
    return at
  }
}

const smallest = 4 * 1024
const largestKept = 256 * 1024
/** So few bytes are copied faster one by one. */
const short = 32
