import type { FoldedPart } from "../../projections/folded-part.ts"

/** Counts what is folded and says so twice a second; null: silently. */
export const foldProgress = (out: NodeJS.WritableStream | null) => {
  const start = performance.now()
  let events = 0
  let points = 0
  let said = 0
  const line = (): string => {
    const seconds = Math.max(0.001, (performance.now() - start) / 1000)
    const rate = (count: number) => Math.round(count / seconds).toLocaleString("en")
    return `${events.toLocaleString("en")} events, ${points.toLocaleString("en")} points in ${seconds.toFixed(1)} s (${rate(events)} events/s, ${rate(points)} points/s)`
  }
  return {
    folded: (part: FoldedPart): void => {
      events += part.events
      points += part.points
      if (out === null || performance.now() - said < 500) return
      said = performance.now()
      out.write(`folded ${line()}\n`)
    },
    done: (): void => {
      out?.write(`folded all: ${line()}\n`)
    },
  }
}
