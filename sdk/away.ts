/** Tells people that the server is away, when it has been for a while, and that it is back. */
import type { Platform } from "./platform.ts"

const patienceMillis = 5_000

export interface Away {
  readonly change: (isConnected: boolean, reason: string) => void
  readonly stop: () => void
}

/** `onAway` is told once for each time that it is away for longer than five seconds, `onBack` after each of these. */
export const awayOf = (platform: Pick<Platform, "later">, onAway: (reason: string) => void, onBack: () => void): Away => {
  let last = "no answer yet"
  let isTold = false
  const wait = (): (() => void) =>
    platform.later(patienceMillis, () => {
      isTold = true
      onAway(last)
    })
  let stop: (() => void) | null = wait()
  return {
    change: (isConnected, reason) => {
      last = reason
      if (!isConnected) return void (stop ??= wait())
      stop?.()
      stop = null
      if (isTold) onBack()
      isTold = false
    },
    stop: () => stop?.(),
  }
}
