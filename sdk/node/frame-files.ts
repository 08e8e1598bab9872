/** The frames of one spool in segments of some megabytes: appended to the last, read from any, removed once they are released. */
import { closeSync, copyFileSync, openSync, readdirSync, rmSync, statSync } from "node:fs"
import type { StoredFrame } from "../platform.ts"
import { appendRecord, firstOf, segmentPath, SegmentReader } from "./segment.ts"

interface Segment {
  readonly first: number
  /** Of the file. */
  size: number
}

const segmentBytes = 8 * 2 ** 20
/** A last segment without anything to keep is let go of from this size on; a smaller one would cost more than it takes. */
const idleBytes = 2 ** 18

export class FrameFiles {
  readonly #folder: string
  readonly #segments: Segment[]
  #file: number | null = null
  #reader: SegmentReader | null = null
  /** Segments of which it was told. */
  readonly #damaged = new Set<number>()
  /** All below are released. */
  #released: number
  nextSeq: number

  /** Opens what a folder holds. */
  constructor(folder: string) {
    this.#folder = folder
    const firsts = readdirSync(folder).flatMap((name) => firstOf(name) ?? [])
    this.#segments = firsts.toSorted((a, b) => a - b).map((first) => ({ first, size: statSync(segmentPath(folder, first)).size }))
    this.#released = this.#segments[0]?.first ?? 0
    this.nextSeq = this.#lastSeq() + 1
  }

  /** Bytes of files that hold something that is not released. */
  get bytes(): number {
    return this.isEmpty ? 0 : this.#segments.reduce((sum, { size }) => sum + size, 0)
  }

  get isEmpty(): boolean {
    return this.#released >= this.nextSeq
  }

  append(frame: StoredFrame): void {
    const segment = this.#writable(frame.seq)
    this.#file ??= openSync(segmentPath(this.#folder, segment.first), "a", 0o600)
    segment.size = appendRecord(this.#file, segment.size, frame)
    this.nextSeq = frame.seq + 1
  }

  read(from: number, mostBytes: number): readonly StoredFrame[] {
    const frames: StoredFrame[] = []
    let bytes = 0
    for (let wanted = from; wanted < this.nextSeq && (bytes < mostBytes || frames.length === 0);) {
      const frame = this.#frameFrom(wanted)
      if (frame === null) break
      frames.push(frame)
      bytes += frame.bytes.length
      wanted = frame.seq + 1
    }
    return frames
  }

  release(seq: number): void {
    this.#released = Math.max(this.#released, seq + 1)
    while (this.#segments[1] !== undefined && this.#segments[1].first <= this.#released) this.#remove()
    if (!this.isEmpty || (this.#segments[0]?.size ?? 0) <= idleBytes) return
    this.#remove()
    // An empty one tells whoever comes later how far the numbers are.
    this.#file = openSync(segmentPath(this.#folder, this.#writable(this.nextSeq).first), "a", 0o600)
  }

  close(): void {
    this.#closeWriter()
    this.#closeReader()
  }

  /** The segment to append to: a new one where there is none, or the last is large. */
  #writable(seq: number): Segment {
    const last = this.#segments.at(-1)
    if (last !== undefined && last.size < segmentBytes) return last
    this.#closeWriter()
    const segment = { first: seq, size: 0 }
    this.#segments.push(segment)
    return segment
  }

  /** The first frame of a number or above it; null where there is none. */
  #frameFrom(seq: number): StoredFrame | null {
    let index = this.#segments.findLastIndex(({ first }) => first <= seq)
    for (index = Math.max(0, index); index < this.#segments.length; index++) {
      const reader = this.#readerOf(this.#segments[index]!.first)
      if (reader.next > seq) reader.rewind()
      for (let read = reader.read(); read !== "end"; read = reader.read())
        if (read === "damaged") this.#tellDamage(index)
        else if (read.seq >= seq) return read
    }
    return null
  }

  #readerOf(first: number): SegmentReader {
    if (this.#reader?.first !== first) {
      this.#closeReader()
      this.#reader = new SegmentReader(this.#folder, first)
    }
    return this.#reader!
  }

  /** The end of the last segment may be as a killed process left it; any other damage is told, and a copy of the file kept for people. */
  #tellDamage(index: number): void {
    const { first, size } = this.#segments[index]!
    if (this.#damaged.has(first) || (index === this.#segments.length - 1 && this.#readerOf(first).isAtEnd)) return
    this.#damaged.add(first)
    const copy = `${this.#folder}.${first}.damaged`
    if (size > 0) copyFileSync(segmentPath(this.#folder, first), copy)
    process.emitWarning(`matyan: the spool is damaged, some of what was logged cannot be read: ${copy}`)
  }

  #lastSeq(): number {
    const last = this.#segments.at(-1)
    if (last === undefined) return -1
    const reader = this.#readerOf(last.first)
    while (reader.read() !== "end");
    const { next } = reader
    reader.rewind()
    return next - 1
  }

  #remove(): void {
    const segment = this.#segments.shift()!
    if (this.#reader?.first === segment.first) this.#closeReader()
    if (this.#segments.length === 0) this.#closeWriter()
    rmSync(segmentPath(this.#folder, segment.first), { force: true })
  }

  #closeReader(): void {
    this.#reader?.close()
    this.#reader = null
  }

  #closeWriter(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }
}
