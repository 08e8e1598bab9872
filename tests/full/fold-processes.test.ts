/** Commands that fold a whole log in several processes. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { seriesHistory, smallHistory } from "../../bench/support/histories.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { settings } from "../../infra/config.ts"
import { foldProcesses } from "../../infra/fold-processes.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { FoldHelpers, type Help } from "../../projections/fold-helpers.ts"
import type { FoldedPart } from "../../projections/folded-part.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { endAll, ending, runCli, spawnCli, successful } from "../support/server.ts"

/** More than there are cores in most places where this runs, so that they are cut off at any point. */
const several = { MATYAN_FOLD_PROCESSES: "3" }
const alone = { MATYAN_FOLD_PROCESSES: "1" }
let folder: string

const kills = Number(process.env["MATYAN_KILLS"] ?? 3)
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)

/** Runs of all partitions, which share tags and experiments, and long series. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-processes-"))
  const append = Effect.gen(function* () {
    const log = yield* EventLog
    for (const batch of smallHistory(24_000)) yield* log.append(batch)
    for (const batch of seriesHistory({ runs: 8, series: 3, points: 4_000, perEvent: 50 })) yield* log.append(batch)
  })
  await Effect.runPromise(Effect.provide(append, embeddedLog({ folder })))
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const hash = (): Promise<string> => successful(folder, ["dump", "--hash"])

/** Folds into an empty store, and answers how many events were folded, in all and by helpers. */
const foldApart = (scratch: string) =>
  Effect.gen(function* () {
    const { help } = foldProcesses({ ...(yield* settings), dataDir: folder, foldProcesses: 2 }, { scratch })
    const [all, byHelpers] = [new Counter(), new Counter()]
    const counting: Help = (errand, work, onFolded) =>
      help?.(errand, work, (part) => (byHelpers.add(part), onFolded(part))) ?? Effect.void
    const store = lmdbStore({ folder: scratch, temporary: true })
    yield* catchUp({ onFolded: (part) => all.add(part) }).pipe(
      Effect.provideService(FoldHelpers, { help: counting, leastMillis: 0 }),
      Effect.provide(Layer.merge(store, embeddedLog({ folder, readOnly: true }))),
    )
    return { all: all.events, byHelpers: byHelpers.events }
  })

class Counter {
  events = 0
  add({ events }: FoldedPart): void {
    this.events += events
  }
}

describe("Law 1: in several processes", () => {
  it("a fold is done in part by each", async () => {
    let [all, byHelpers] = [0, 0]
    // All may be done before a helper has started.
    for (let attempt = 0; byHelpers === 0 && attempt < 10; attempt++)
      ({ all, byHelpers } = await Effect.runPromise(foldApart(freshFolder())))
    expect(all).toBe(24_000 + 1_920)
    expect(byHelpers).toBeGreaterThan(0)
    expect(byHelpers).toBeLessThan(all)
  })

  it(
    "a rebuild gives what one gives, killed at any moment and begun again too, and so does a part of the log",
    async () => {
      process.stdout.write(`kill ${kills} times, MATYAN_SEED=${seed}\n`)
      const random = seeded(seed)
      await successful(folder, ["rebuild", "--quiet"], alone)
      const expected = await hash()
      const asked = "data-ingestion/0/3000,data-ingestion/1/2000,data-ingestion/2/1000"
      const begun = performance.now()
      expect(await runCli(folder, ["rebuild", "--quiet"], several)).toMatchObject({ code: 0, stderr: "" })
      const millis = performance.now() - begun
      expect(await hash()).toBe(expected)
      for (let kill = 0; kill < kills; kill++) {
        const command = random() < 0.5 ? ["rebuild", "--quiet"] : ["rebuild", "--quiet", "--as-of", asked]
        const child = spawnCli(folder, command, several)
        const timer = setTimeout(() => child.kill("SIGKILL"), random() * millis)
        await ending(child)
        clearTimeout(timer)
      }
      // One that died has a lock for a few seconds more, which the next waits out.
      await successful(folder, ["rebuild", "--quiet"], several)
      expect(await hash()).toBe(expected)
      await successful(folder, ["rebuild", "--quiet", "--as-of", asked], several)
      expect(await successful(folder, ["verify", "--quiet"], several)).toMatch(/^equal/)
      expect(await successful(folder, ["verify", "--quiet"], alone)).toMatch(/^equal/)
    },
    240_000 + kills * 20_000,
  )

  it("a rebuild that is told to end ends soon, and is gone on with", async () => {
    let goneOn = false
    // It may be over before it is told, or told before anything is folded.
    for (let attempt = 0; !goneOn && attempt < 10; attempt++) {
      const child = spawnCli(folder, ["rebuild"], several)
      child.stderr?.once("data", () => child.kill("SIGTERM"))
      if ((await ending(child)) === 0) continue
      expect(child.exitCode).toBe(143)
      const next = await runCli(folder, ["rebuild"], several)
      expect(next.code, next.stderr).toBe(0)
      goneOn = next.stderr.includes("events were folded before; it goes on from there")
    }
    expect(goneOn).toBe(true)
    expect(await successful(folder, ["verify", "--quiet"], several)).toMatch(/^equal/)
  })
})
