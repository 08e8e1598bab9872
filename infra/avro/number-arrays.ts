/** Avro's arrays of numbers, which are most of a log: read in one loop, where avsc asks a type for each item. */
import avsc from "avsc"
import { exactLong, type Tap } from "./exact-long.ts"

class Doubles extends avsc.types.ArrayType {
  _read(tap: Tap): readonly number[] {
    let values: number[] | undefined
    for (let from = 0, count = nextBlock(tap); count > 0; from += count, count = nextBlock(tap)) {
      values ??= roomFor(count)
      readDoubles(tap, values, from, from + count)
    }
    return values ?? []
  }
}

class Longs extends avsc.types.ArrayType {
  _read(tap: Tap): readonly number[] {
    let values: number[] | undefined
    for (let from = 0, count = nextBlock(tap); count > 0; from += count, count = nextBlock(tap)) {
      values ??= roomFor(count)
      for (let i = from; i < from + count; i++) values[i] = readLong(tap)
    }
    return values ?? []
  }
}

/** The type of an array of these items; undefined where avsc's own is as good. */
export const numberArray = (items: unknown, options: object): avsc.Type | undefined => {
  // The declared constructors name neither what a hook is given nor what it may hand on.
  if (items === "double") return new (Doubles as Made)({ type: "array", items }, options)
  return items === "long" ? new (Longs as Made)({ type: "array", items }, options) : undefined
}

type Made = new (schema: object, options: object) => avsc.Type

/** An array that need not grow: most are of one block. */
const roomFor = (count: number): number[] => new Array<number>(count) // oxlint-disable-line unicorn/no-new-array -- half as long as any other way

/** How many items the next block has, 0 behind the last; that the bytes hold so many was checked before (bounds.ts). */
const nextBlock = (tap: Tap): number => {
  const claimed = tap.readLong()
  if (claimed < 0) tap.readLong()
  return Math.abs(claimed)
}

/** So few are read faster without a view, which is to be made first. */
const few = 8

const readDoubles = (tap: Tap, values: number[], from: number, to: number): void => {
  const { buf } = tap
  if (to - from <= few) {
    for (let i = from; i < to; i++, tap.pos += 8) values[i] = buf.readDoubleLE(tap.pos)
    return
  }
  const view = new DataView(buf.buffer, buf.byteOffset, buf.length)
  let at = tap.pos
  for (let i = from; i < to; i++, at += 8) values[i] = view.getFloat64(at, true)
  tap.pos = at
}

/** A zigzag varint: up to three bytes, as nearly all differences have, in place. */
const readLong = (tap: Tap): number => {
  const { buf, pos } = tap
  const one = buf[pos]!
  const two = one < 128 ? 0 : buf[pos + 1]!
  const three = two < 128 ? 0 : buf[pos + 2]!
  if (three > 127) return readLonger(tap)
  tap.pos = pos + (one < 128 ? 1 : two < 128 ? 2 : 3)
  const natural = (one & 127) | ((two & 127) << 7) | (three << 14)
  return (natural >>> 1) ^ -(natural & 1)
}

// avsc calls it so; its declared types leave it out.
const readLonger = (tap: Tap): number => (exactLong as unknown as { readonly _read: (tap: Tap) => number })._read(tap)
