/** Virtual time and the order of everything: one thread, in which the next thing to happen is picked by the seed. */
import { createHash } from "node:crypto"
import { Random } from "./random.ts"

interface Task {
  readonly act: () => void
  isCancelled: boolean
}

interface Timed extends Task {
  readonly at: number
  readonly order: number
}

/** Taken before anything is barred, to let promises run out between two steps. */
const realImmediate = globalThis.setImmediate

export class World {
  readonly seed: number
  readonly #order: Random
  readonly #hash = createHash("sha256")
  readonly #lines: string[] | null
  readonly #ready: Task[] = []
  readonly #timed: Timed[] = []
  #now = 0
  #timers = 0
  #steps = 0
  /** Whose step it is: the name of a process; null where it is nobody's. */
  current: string | null = null

  /** With `keepsTrace` the lines of the trace are kept, beside their hash. */
  constructor(seed: number, keepsTrace = false) {
    this.seed = seed
    this.#order = this.random("order")
    this.#lines = keepsTrace ? [] : null
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  get steps(): number {
    return this.#steps
  }

  get lines(): readonly string[] {
    return this.#lines ?? []
  }

  random(name: string): Random {
    return Random.named(this.seed, name)
  }

  /** Notes what happens. The same seed notes the same. */
  trace(line: string): void {
    const timed = `${this.#now.toFixed(3)} ${line}`
    this.#hash.update(timed).update("\n")
    this.#lines?.push(timed)
  }

  /** SHA-256 of the trace so far. */
  traceHash(): string {
    return this.#hash.copy().digest("hex")
  }

  /** Does something soon, before or after whatever else is to be done soon. */
  soon(act: () => void): () => void {
    const task = { act, isCancelled: false }
    this.#ready.push(task)
    return () => (task.isCancelled = true)
  }

  /** Does something after so many milliseconds. */
  after(millis: number, act: () => void): () => void {
    const task = { act, isCancelled: false, at: this.#now + Math.max(0, millis), order: this.#timers++ }
    this.#timed.splice(this.#placeOf(task), 0, task)
    return () => (task.isCancelled = true)
  }

  /** Goes on until so; false where nothing is left to happen before, or it takes too many steps. */
  async until(isSo: () => boolean, mostSteps: number): Promise<boolean> {
    for (let steps = 0; steps < mostSteps; steps++) {
      if (isSo()) return true
      if (!this.#step()) return isSo()
      await new Promise((resolve) => realImmediate(resolve))
    }
    return isSo()
  }

  /** The next thing; false where there is none. */
  #step(): boolean {
    this.#steps++
    this.current = null
    // Work takes time, so that what waits for a time has its turn beside what never ends.
    this.#now += 0.01
    for (let next = this.#timed.at(-1); next !== undefined; next = this.#timed.at(-1)) {
      if (next.at > this.#now && this.#ready.length > 0) break
      this.#now = Math.max(this.#now, next.at)
      this.#timed.pop()
      if (!next.isCancelled) this.#ready.push(next)
    }
    if (this.#ready.length === 0) return false
    const at = this.#order.int(this.#ready.length)
    const task = this.#ready[at]!
    this.#ready[at] = this.#ready.at(-1)!
    this.#ready.pop()
    if (!task.isCancelled) task.act()
    return true
  }

  /** Latest first, so that the next is the last; of two at the same time the one that was asked for first comes first. */
  #placeOf({ at }: Timed): number {
    let [low, high] = [0, this.#timed.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timed[middle]!.at > at) low = middle + 1
      else high = middle
    }
    return low
  }
}
