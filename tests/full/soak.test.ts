/** The soak itself, for half a minute: what it asserts in hours must be able to hold, and to be run. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { canSample } from "../../bench/soak/samples.ts"
import { slopeOf } from "../../bench/soak/slope.ts"
import type { Plan } from "../../bench/soak/soak.ts"
import { verdictOn } from "../../bench/soak/verdict.ts"

it.runIf(canSample())(
  "half a minute of mixed load, with deletions, restores, cut connections and rebuilds, leaves all as acknowledged",
  async () => {
    const args = ["bench/soak.ts", "--minutes", "0.5", "--rate", "4000"]
    const { stdout } = await promisify(execFile)(process.execPath, args, { encoding: "utf8" })
    expect(stdout).toContain("all was well")
    const counted = (what: string): number => Number(new RegExp(`^${what}: (\\d+)`, "m").exec(stdout)?.[1] ?? 0)
    const what = [
      "points",
      "cuts",
      "runs",
      "small runs",
      "runs looked through",
      "runs deleted",
      "runs restored",
      "rebuilds",
      "live events",
    ]
    for (const each of what) expect([each, counted(each) > 0]).toEqual([each, true])
  },
)

it("finds what more lives in either heap than may, and nothing where it is flat", () => {
  const plan = { seconds: 3_600, warmSeconds: 600 } as Plan
  const growing = (main: number, projector: number) =>
    verdictOn(
      {
        samples: [],
        minutes: [],
        live: Array.from({ length: 7 }, (_, i) => ({
          at: 600 + 500 * i,
          heaps: [70 + (main * i) / 6, 50 + (projector * i) / 6],
        })),
      },
      plan,
      { runs: 5_000, deletedTags: 2_000 },
    ).faults
  expect(growing(4, 1)).toEqual([])
  // 2 of chance, 0.8 of an hour's growth that is allowed, 2.0 of runs and 1.0 of names.
  for (const [main, projector] of [
    [6, 0],
    [0, 6],
    [3, 3],
  ] as const)
    expect(growing(main, projector)).toEqual([
      "6.0 MiB more live in the heaps at the end than after the warm-up; 5.8 are allowed",
    ])
  expect(verdictOn({ samples: [], minutes: [], live: [] }, plan, { runs: 0, deletedTags: 0 }).faults).toHaveLength(1)
})

it("sees a slope behind noise and outliers, and none where there is none", () => {
  const noise = (i: number): number => 20 * Math.sin(i * 12.9898) + (i % 17 === 0 ? 300 : 0)
  const cloud = (perHour: number) =>
    Array.from({ length: 60 }, (_, i) => ({ at: i * 60, value: 500 + (perHour * i) / 60 + noise(i) }))
  const [growing, flat] = [slopeOf(cloud(120)), slopeOf(cloud(0))]
  expect(growing.low).toBeGreaterThan(80)
  expect(growing.high).toBeLessThan(160)
  expect(flat.low).toBeLessThan(0)
  expect(flat.high).toBeGreaterThan(0)
})
