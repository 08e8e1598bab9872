/** Whole microseconds since 1970, finer than `Date` and never behind the last by the system's own adjustments. */

/** How far, in ms, the steady clock may be from the system's before it is set anew: after sleep, or when somebody set the time. */
const mostDrift = 100

let base = 0

/** Looks whether the system's clock was set or slept since. Cheap, but not for every point. */
export const checkClock = (): void => {
  const steady = performance.now()
  const now = Date.now()
  if (Math.abs(base + steady - now) > mostDrift) base = now - steady
}

/** Now, in µs since 1970. `checkClock` must have been called at least once. */
export const nowMicros = (): number => Math.round((base + performance.now()) * 1000)
