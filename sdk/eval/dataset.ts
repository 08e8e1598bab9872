/** An example, and its number in the dataset from 0. */
export interface Taken<Example> {
  readonly index: number
  readonly example: Example
}

/** A dataset that several take examples of. */
export interface Taker<Example> {
  /** The next example; null when there is none, or the signal has ended it. Rejects, to one caller, where the dataset fails. */
  readonly take: (signal: AbortSignal | undefined) => Promise<Taken<Example> | null>
  /** Whether the dataset had no more. */
  readonly isOver: () => boolean
  readonly close: () => Promise<void>
}

/** Hands a dataset out to several takers, one example at a time, so that numbers follow its order. */
export const takerOf = <Example>(dataset: Iterable<Example> | AsyncIterable<Example>): Taker<Example> => {
  const iterator = Symbol.asyncIterator in dataset ? dataset[Symbol.asyncIterator]() : dataset[Symbol.iterator]()
  let index = 0
  let state: "open" | "over" | "failed" = "open"
  let turn: Promise<unknown> = Promise.resolve()
  const next = async (signal: AbortSignal | undefined): Promise<Taken<Example> | null> => {
    if (state !== "open" || signal?.aborted === true) return null
    try {
      const { done, value } = await iterator.next()
      if (done !== true) return { index: index++, example: value }
      state = "over"
      return null
    } catch (cause) {
      state = "failed"
      throw cause
    }
  }
  return {
    take: (signal) => {
      const taken = turn.then(() => next(signal))
      turn = taken.catch(() => undefined)
      return taken
    },
    isOver: () => state === "over",
    close: async () => {
      if (state === "open") await iterator.return?.()
    },
  }
}
