/** How many runs were begun in each hour or day of where the reader is. */
import type { Tree } from "./stream-codec.ts"

/** Counts by local time; `west` is minutes west of UTC, as browsers tell it. Hours and days without runs are left out. */
export const activityMap = (
  runs: Iterable<{ readonly createdAt: number }>,
  west: number,
  unit: "hour" | "day",
): ReadonlyMap<string, Tree> => {
  const counts = new Map<string, number>()
  for (const { createdAt } of runs) {
    const local = new Date((createdAt - west * 60) * 1_000)
    // A time beyond what a calendar holds is counted nowhere.
    if (Number.isNaN(local.getTime())) continue
    const text = local.toISOString()
    const end = text.indexOf("T")
    const key = unit === "day" ? `${text.slice(0, end)}T00:00:00` : `${text.slice(0, end + 3)}:00:00`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}
