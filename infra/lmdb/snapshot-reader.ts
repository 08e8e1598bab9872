import type { RangeOptions, Reader, Row } from "../../domain/ports/key-value-store.ts"
import { StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { directoryNames, directoryPrefix } from "./directories.ts"
import { afterKey, chunkBytes, chunkRows, ownKey, readableBounds } from "./row-bounds.ts"
import type { Snapshot } from "./snapshot.ts"
import { StagedView } from "./staged-view.ts"
import { Staging } from "./staging.ts"

/** The port's view over one snapshot where nothing can be written: keys stay the bytes they are. Usable until `end`. */
export class SnapshotReader implements Reader {
  readonly #snapshot: Snapshot
  #ended = false

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  /** The snapshot is about to go: reading on would touch freed memory. */
  end(): void {
    this.#ended = true
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#open().bytes(ownKey(key))
  }

  async range(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): Promise<readonly Row[]> {
    const { limit = Infinity, reverse = false } = options
    return this.#rows(begin, end, limit, Infinity, reverse)
  }

  async *chunks(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncGenerator<readonly Row[]> {
    const { limit = Infinity, reverse = false } = options
    let [from, to] = [begin, end]
    for (let left = limit; left > 0;) {
      const chunk = this.#rows(from, to, Math.min(left, chunkRows), chunkBytes, reverse)
      const last = chunk.at(-1)
      if (last === undefined) return
      left -= chunk.length
      if (reverse) to = last[0]
      else from = afterKey(last[0])
      yield chunk
    }
  }

  async directory(path: readonly string[]): Promise<Uint8Array | undefined> {
    return directoryPrefix(this.#view(), path)
  }

  async directories(path: readonly string[]): Promise<readonly string[]> {
    return directoryNames(this.#view(), path)
  }

  #rows(begin: Uint8Array, end: Uint8Array, limit: number, bytes: number, reverse: boolean): readonly Row[] {
    const snapshot = this.#open()
    const bounds = readableBounds(begin, end)
    return bounds === undefined || limit <= 0 ? [] : snapshot.byteRows(bounds, { limit, bytes, reverse })
  }

  /** Directories are few and looked up seldom, so they are read as transactions read them. */
  #view(): StagedView {
    return new StagedView(this.#open(), new Staging())
  }

  #open(): Snapshot {
    if (this.#ended) throw new StoreUnavailable({ message: "the transaction has ended" })
    return this.#snapshot
  }
}
