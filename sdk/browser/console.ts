/** Lines that a page writes to its console. */

const levels = ["debug", "error", "info", "log", "warn"] as const

/** Hands on each line of what is written by any of the console's levels, which still show it; the answer ends that. */
export const captureConsole = (onLine: (line: string) => void): (() => void) => {
  // What a listener writes itself would come back to it for ever.
  let isInside = false
  const ends = levels.map((level) => {
    const write = console[level]
    const wrapped = (...values: readonly unknown[]): void => {
      write.apply(console, [...values])
      if (isInside) return
      isInside = true
      for (const line of values.map(textOf).join(" ").split("\n")) onLine(line)
      isInside = false
    }
    console[level] = wrapped
    return () => {
      // Somebody who wrapped it later still holds ours.
      if (console[level] === wrapped) console[level] = write
      isInside = true
    }
  })
  return () => ends.forEach((end) => end())
}

const textOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  if (value instanceof Error) return value.stack ?? String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
