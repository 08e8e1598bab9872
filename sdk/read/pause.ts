/** Waiting, as long as nobody has had enough. */

/** Resolves after so many milliseconds; rejects with the signal's reason as soon as it is aborted. */
export const pause = (millis: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const give = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", give)
      resolve()
    }, millis)
    if (signal?.aborted === true) give()
    else signal?.addEventListener("abort", give, { once: true })
  })

/** Milliseconds before the attempt of this number (from 0): twice as long each time, and a random part of up to a half less. */
export const backoff = (attempt: number, firstMillis: number, mostMillis: number): number =>
  Math.min(firstMillis * 2 ** attempt, mostMillis) * (1 - Math.random() / 2)
