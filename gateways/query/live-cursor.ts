/**
 * How far a client of the stream has come, as one opaque word: an offset for each partition, and where the client is in the
 * midst of the changes of a stretch, how far that reaches and how many of its changes were told.
 *
 * Word, in URL-safe base64: a MAC of 12 bytes (HMAC-SHA256, cut), then varints: the number of partitions, their offsets by
 * the partitions' names, and either 0 or the number of the open partition from 1 on, the end of the stretch, the changes told.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import type { Starts } from "../../domain/ports/event-log.ts"

export interface Cursor {
  /** The next offset of each partition. */
  readonly next: Starts
  /** The stretch that is told only in part: it begins at the partition's `next`. */
  readonly open: { readonly partition: string; readonly until: number; readonly told: number } | null
}

/** Makes and reads cursors over the log's partitions. `secret` may be any text. */
export class Cursors {
  readonly #secret: string
  readonly #partitions: readonly string[]

  constructor(secret: string, partitions: readonly string[]) {
    this.#secret = `stream ${secret}`
    this.#partitions = [...partitions].sort()
  }

  seal({ next, open }: Cursor): string {
    const offsets = this.#partitions.map((partition) => next.get(partition) ?? 0)
    const place = open === null ? [0] : [this.#partitions.indexOf(open.partition) + 1, open.until, open.told]
    const body = Buffer.from([offsets.length, ...offsets, ...place].flatMap(varint))
    return Buffer.concat([this.#mac(body), body]).toString("base64url")
  }

  /** Undefined where it was not made with this secret over as many partitions. Never throws. */
  open(word: string): Cursor | undefined {
    const bytes = Buffer.from(word, "base64url")
    const body = bytes.subarray(macBytes)
    if (body.length === 0 || !timingSafeEqual(bytes.subarray(0, macBytes), this.#mac(body))) return undefined
    const [count, ...numbers] = varints(body)
    if (count !== this.#partitions.length) return undefined
    const next = new Map(this.#partitions.map((partition, i) => [partition, numbers[i] ?? 0]))
    const [at = 0, until = 0, told = 0] = numbers.slice(count)
    const partition = this.#partitions[at - 1]
    return { next, open: partition === undefined ? null : { partition, until, told } }
  }

  #mac(body: Buffer): Buffer {
    return createHmac("sha256", this.#secret).update(body).digest().subarray(0, macBytes)
  }
}

const macBytes = 12

/** Seven bits a byte, the lowest first; the highest bit tells that another byte follows. */
const varint = (number: number): readonly number[] =>
  number < 0x80 ? [number] : [(number % 0x80) | 0x80, ...varint(Math.floor(number / 0x80))]

const varints = (bytes: Buffer): readonly number[] => {
  const numbers: number[] = []
  let number = 0
  let scale = 1
  for (const byte of bytes) {
    number += (byte & 0x7f) * scale
    scale *= 0x80
    if (byte >= 0x80) continue
    numbers.push(number)
    number = 0
    scale = 1
  }
  return numbers
}

/** Where everything is told that a cursor's stretch holds. */
export const reachOf = ({ next, open }: Cursor): Starts => (open === null ? next : new Map(next).set(open.partition, open.until))

/** Whether one place is at or behind another in every partition. */
export const isReached = (place: Starts, by: Starts): boolean =>
  [...place].every(([partition, offset]) => (by.get(partition) ?? 0) >= offset)
