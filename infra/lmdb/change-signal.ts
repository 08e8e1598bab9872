import { BroadcastChannel } from "node:worker_threads"

/**
 * Tells that something was committed: at once within the process, its worker threads included; other processes are noticed
 * by looking again after {@link pollingInterval}.
 */
export interface ChangeSignal {
  /** Grows with every change heard of; take it before reading, so that no change between reading and waiting is missed. */
  readonly heard: () => number
  /** Tells everyone. */
  readonly announce: () => void
  /** Resolves when more was heard than `heard`, when it is time to look again, or when aborted. Keeps no process alive. */
  readonly after: (heard: number, signal?: AbortSignal) => Promise<void>
  readonly close: () => void
}

/** Milliseconds after which a wait ends, changed or not. */
const pollingInterval = 40

export const changeSignal = (name: string): ChangeSignal => {
  const channel = new BroadcastChannel(name)
  const waiting = new Set<() => void>()
  let count = 0
  const hear = (): void => {
    count++
    for (const wake of waiting) wake()
  }
  channel.addEventListener("message", hear)
  channel.unref()
  return {
    heard: () => count,
    announce: () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between threads has no origins
      channel.postMessage(null)
      hear()
    },
    after: (heard, signal) => (count > heard || signal?.aborted ? Promise.resolve() : nextWake(waiting, signal)),
    close: () => {
      channel.close()
      hear()
    },
  }
}

const nextWake = (waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener("abort", wake)
    waiting.delete(wake)
    resolve()
  }
  const timer = setTimeout(wake, pollingInterval).unref()
  signal?.addEventListener("abort", wake)
  waiting.add(wake)
  return promise
}
