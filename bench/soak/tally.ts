/** What happened since the last look: how often, how long it took, and what went wrong. */

/** Milliseconds, over one minute. */
export interface Latency {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

const mostKept = 30

export class Tally {
  readonly #times = new Map<string, number[]>()
  readonly #counts = new Map<string, number>()
  /** The first of them, in words. */
  readonly wrong: string[] = []

  count(what: string, by = 1): void {
    this.#counts.set(what, this.counted(what) + by)
  }

  counted(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  took(what: string, millis: number): void {
    const times = this.#times.get(what) ?? []
    times.push(millis)
    this.#times.set(what, times)
  }

  /** Something that may not happen. */
  fault(what: string): void {
    this.count("faults")
    if (this.wrong.length < mostKept) this.wrong.push(what)
  }

  /** Takes out the times since it was last asked. */
  latencies(): Readonly<Record<string, Latency>> {
    const taken = [...this.#times].toSorted(([a], [b]) => (a < b ? -1 : 1))
    this.#times.clear()
    return Object.fromEntries(taken.map(([what, times]) => [what, latency(times)]))
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}

const latency = (times: number[]): Latency => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) }
}
