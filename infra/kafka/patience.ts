/** Trying again, for as long as it makes sense. */
import { isHopeless } from "./faults.ts"

const delays = { first: 30, longest: 500 }

/** Waits between attempts, longer each time, until `ms` have passed without a success; then the last fault is thrown. */
export class Patience {
  readonly #ms: number
  #since: number | undefined
  #delay = delays.first

  constructor(ms: number) {
    this.#ms = ms
  }

  /** Counts from now on, not from the first fault. */
  begin(): void {
    this.#since = performance.now()
  }

  succeeded(): void {
    this.#since = undefined
    this.#delay = delays.first
  }

  async after(fault: unknown, signal?: AbortSignal): Promise<void> {
    const now = performance.now()
    this.#since ??= now
    if (isHopeless(fault) || now - this.#since + this.#delay > this.#ms) throw fault
    await pause(this.#delay, signal)
    this.#delay = Math.min(this.#delay * 2, delays.longest)
  }
}

/** Tries until it succeeds or the patience ends. */
export const patiently = async <A>(ms: number, attempt: () => Promise<A>, signal?: AbortSignal): Promise<A> => {
  const patience = new Patience(ms)
  patience.begin()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      await patience.after(error, signal)
    }
  }
}

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", over)
      if (signal?.aborted === true) reject(new Error("stopped", { cause: signal.reason }))
      else resolve()
    }
    const timer = setTimeout(over, ms)
    signal?.addEventListener("abort", over)
  })
