import avsc from "avsc"

/** avsc's reader and writer of bytes, as far as it is needed here. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readonly readLong: () => number
  readonly writeLong: (value: number) => void
}

/** Within this, avsc's arithmetic is exact; below its negative it silently writes and reads other integers. */
const exactByItself = 2 ** 51

/** Avro's long for every integer that a number holds exactly, ±(2^53 - 1); anything else is refused, both ways. */
class ExactLong extends avsc.types.LongType {
  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: unknown) => void): boolean {
    const valid = Number.isSafeInteger(value)
    if (!valid) hook?.(value, this)
    return valid
  }

  _read(tap: Tap): number {
    const from = tap.pos
    const value = tap.readLong()
    return value > -exactByItself && value < exactByItself ? value : readExactly(tap.buf.subarray(from, tap.pos))
  }

  _write(tap: Tap, value: unknown): void {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new RangeError(`${String(value)} is no exact integer`)
    if (value > -exactByItself) tap.writeLong(value)
    else writeExactly(tap, value)
  }
}

/** The one type of all longs. */
export const exactLong: avsc.Type = new ExactLong()

const readExactly = (bytes: Uint8Array): number => {
  const zigzag = bytes.reduceRight((sum, byte) => sum * 128n + BigInt(byte & 0x7f), 0n)
  const value = Number(zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n)
  if (!Number.isSafeInteger(value)) throw new RangeError("an integer is beyond 2^53")
  return value
}

const writeExactly = (tap: Tap, value: number): void => {
  let zigzag = -2n * BigInt(value) - 1n
  for (; zigzag >= 128n; zigzag /= 128n) tap.buf[tap.pos++] = Number(zigzag % 128n) | 0x80
  tap.buf[tap.pos++] = Number(zigzag)
}
