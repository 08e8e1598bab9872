/** What a transaction has written: seen by its own reads, and applied to the newest version when it is committed. */
import { SortedKeys } from "./versioned-rows.ts"

export type Mutation =
  | { readonly type: "put"; readonly key: string; readonly value: Buffer | null }
  | { readonly type: "add"; readonly key: string; readonly operand: Buffer }
  | { readonly type: "clear"; readonly begin: string; readonly end: string }

/** What is known of a key: its value, null for none, or what is to be added to whatever it is. */
export type Own = Buffer | null | { readonly operand: Buffer }

export class OwnWrites {
  readonly mutations: Mutation[] = []
  readonly #keys = new SortedKeys()
  readonly #own = new Map<string, Own>()
  readonly #cleared: (readonly [begin: string, end: string])[] = []

  put(key: string, value: Buffer | null): void {
    this.mutations.push({ type: "put", key, value })
    this.#know(key, value)
  }

  add(key: string, operand: Buffer): void {
    this.mutations.push({ type: "add", key, operand })
    const own = this.get(key)
    if (own === undefined) this.#know(key, { operand })
    else if (own === null || Buffer.isBuffer(own)) this.#know(key, sumOf(own ?? undefined, operand))
    else this.#know(key, { operand: sumOf(own.operand, operand) })
  }

  clear(begin: string, end: string): void {
    this.mutations.push({ type: "clear", begin, end })
    for (const key of this.#keys.removeIn(begin, end)) this.#own.delete(key)
    this.#cleared.push([begin, end])
  }

  /** Undefined where nothing was written. */
  get(key: string): Own | undefined {
    const own = this.#own.get(key)
    if (own !== undefined) return own
    return this.#cleared.some(([begin, end]) => begin <= key && key < end) ? null : undefined
  }

  keysIn(begin: string, end: string, reverse: boolean): Iterable<string> {
    return this.#keys.in(begin, end, reverse)
  }

  #know(key: string, own: Own): void {
    this.#keys.insert(key)
    this.#own.set(key, own)
  }
}

/** Little-endian addition, as wide as the operand; a shorter or longer value is filled up or cut. */
export const sumOf = (value: Buffer | undefined, operand: Buffer): Buffer => {
  const sum = Buffer.alloc(operand.length)
  let carry = 0
  for (let i = 0; i < operand.length; i++) {
    carry += (value?.[i] ?? 0) + operand[i]!
    sum[i] = carry & 0xff
    carry >>= 8
  }
  return sum
}
