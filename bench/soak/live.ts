/** What lives in the server's heaps when its garbage is collected, now and then. */
import { setTimeout as wait } from "node:timers/promises"
import { liveHeaps } from "../../tests/support/inspector.ts"
import type { Live } from "./samples.ts"
import { pause, type Soak } from "./soak.ts"

/** What requests are at varies from moment to moment; the least of so many is told. */
const collections = 3
const betweenMs = 1_000

/** Measures at the end of the warm-up, and then at every sixth of the time that is left. `stderr` is what the server has said. */
export const keepMeasuringLive = async (soak: Soak, stderr: string, live: Live[]): Promise<void> => {
  const { warmSeconds: warm, seconds } = soak.plan
  const began = performance.now()
  const heaps = await liveHeaps(stderr)
  try {
    const sixths = Array.from({ length: 6 }, (_, sixth) => warm + ((seconds - warm) * sixth) / 6)
    // The last before the clients go, so that all are alike.
    for (const at of [...sixths, seconds - closingSeconds]) {
      await pause(soak, began + at * 1_000 - performance.now())
      if (soak.over.aborted) return
      live.push({ at: (performance.now() - began) / 1_000, heaps: await leastOf(heaps.measure) })
    }
  } finally {
    heaps.close()
  }
}

const closingSeconds = 10

const leastOf = async (measure: () => Promise<readonly number[]>): Promise<readonly number[]> => {
  let least = await measure()
  for (let i = 1; i < collections; i++) {
    await wait(betweenMs)
    const next = await measure()
    least = least.map((mib, thread) => Math.min(mib, next[thread] ?? mib))
  }
  return least
}
