/** Chance from a seed: the same seed draws the same numbers, on any machine. */
export class Random {
  #state: number

  constructor(seed: number | string) {
    this.#state = typeof seed === "number" ? seed >>> 0 : hashOf(seed)
  }

  /** A source of its own, which what others draw does not move. */
  static named(seed: number, name: string): Random {
    return new Random(`${seed} ${name}`)
  }

  /** In [0, 1). Mulberry32 (Tommy Ettinger, public domain). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer in [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<A>(from: readonly A[]): A {
    const picked = from[this.int(from.length)]
    if (picked === undefined) throw new Error("there is nothing to pick from")
    return picked
  }

  uuid(): string {
    const digits = Array.from({ length: 32 }, () => this.int(16).toString(16)).join("")
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`
  }
}

/** FNV-1a, then mixed, so that seeds that differ in one digit have nothing in common. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
