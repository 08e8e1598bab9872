/**
 * How long unknown ids may still be waited for, all together. A flood of invented ids uses it up once; then they hold
 * readers up for a sixtieth of the time at most.
 */
export interface Patience {
  readonly secondsLeft: () => number
  readonly spend: (seconds: number) => void
}

const refill = 1 / 60

/** `now` is in seconds and never goes back. */
export const patience = (most: number, now: () => number): Patience => {
  let left = most
  let at = now()
  const secondsLeft = (): number => {
    const passed = now() - at
    at += passed
    left = Math.min(most, left + passed * refill)
    return left
  }
  return {
    secondsLeft,
    spend: (seconds) => {
      left = Math.max(0, secondsLeft() - seconds)
    },
  }
}
