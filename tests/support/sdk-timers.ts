/** The timers of Node for what of the SDK needs nothing else of where it runs. */
import type { Platform } from "../../sdk/platform.ts"

export const timers = (): Pick<Platform, "later"> => ({
  later: (millis, callback) => {
    const timer = setTimeout(callback, millis).unref()
    return () => clearTimeout(timer)
  },
})
