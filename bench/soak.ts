/**
 * Mixed load on the real server for hours: nothing may grow, nothing acknowledged may be lost or doubled.
 *
 *   npm run soak -- --hours 1                      at 5,000 points/s
 *   npm run soak -- --hours 24 --rate 60000        at half of what two cores do
 *   npm run soak -- --hours 1 --record --name quiet   also writes bench/results/soak-quiet.json
 *
 * The data folder is a fresh one, removed at the end if all was well. Ends with 1 if anything was not.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { parseArgs } from "node:util"
import { type Environment, runCli } from "../tests/support/server.ts"
import { inspectable } from "../tests/support/inspector.ts"
import { Kept } from "./soak/kept.ts"
import { keepMeasuringLive } from "./soak/live.ts"
import { keepFollowing, keepReading } from "./soak/readers.ts"
import { requests } from "./soak/rest.ts"
import { canSample, handlesOf, keepSampling, type Live, type Observed } from "./soak/samples.ts"
import { pause, type Plan, type Soak } from "./soak/soak.ts"
import { Tally } from "./soak/tally.ts"
import { table, type Verdict, verdictOn } from "./soak/verdict.ts"
import { keepCommanding, keepLogging, keepMakingSmallRuns } from "./soak/writers.ts"
import { machine } from "./support/machine.ts"
import { startServer } from "./support/server.ts"

/** Deleted runs leave the trash after a minute or so, their tombstones minutes later, and replaced projections at once. */
const settings: Environment = {
  MATYAN_TRASH_HOURS: "0.02",
  MATYAN_TOMBSTONES_EVERY_HOURS: "0.1",
  MATYAN_TOMBSTONES_OLDER_THAN_HOURS: "0.1",
  MATYAN_ORPHAN_BLOBS_EVERY_HOURS: "0.2",
  MATYAN_KEEP_GENERATION_HOURS: "0",
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      hours: { type: "string" },
      minutes: { type: "string" },
      rate: { type: "string", default: "5000" },
      "rebuild-every": { type: "string", default: "10" },
      record: { type: "boolean", default: false },
      name: { type: "string", default: new Date().toISOString().slice(0, 10) },
    },
  })
  if (!canSample()) throw new Error("a soak looks at its server through /proc, so it needs Linux")
  const seconds = values.hours === undefined ? Number(values.minutes ?? "60") * 60 : Number(values.hours) * 3_600
  const plan = planFor(seconds, Number(values.rate), Number(values["rebuild-every"]) * 60)
  const folder = mkdtempSync(join(tmpdir(), "matyan-soak-"))
  const tally = new Tally()
  const observed: Observed = { samples: [], minutes: [], live: [] }
  say(`${JSON.stringify(machine())}\n${JSON.stringify(plan)}\n${folder}`)
  const idle = await soakOn(folder, plan, tally, observed)
  const verify = await runCli(folder, ["verify", "--quiet"], settings)
  if (verify.code !== 0 || verify.stderr.includes("dead letter")) tally.fault(`verify: ${verify.stdout}${verify.stderr}`)
  const runs = tally.counted("runs") + tally.counted("small runs")
  const verdict = verdictOn(observed, plan, { runs, deletedTags: tally.counted("tags deleted") })
  const faults = [...verdict.faults, ...tally.wrong]
  tell(observed, verdict, tally, idle)
  if (values.record) record(values.name, { machine: machine(), plan, idle, verdict, faults, counts: tally.counts(), ...observed })
  say(faults.length === 0 ? "all was well" : `not well:\n${faults.join("\n")}`)
  if (faults.length === 0) rmSync(folder, { recursive: true, force: true })
  return faults.length === 0 ? 0 : 1
}

/** Shorter soaks have shorter runs and fewer of them, so that all happens in any. */
const planFor = (seconds: number, rate: number, rebuildEvery: number): Plan => ({
  seconds,
  warmSeconds: Math.min(600, seconds / 6),
  rate,
  writers: 4,
  runSeconds: Math.min(40, seconds / 12),
  keptRuns: seconds < 600 ? 6 : 24,
  keptSmall: seconds < 600 ? 20 : 200,
  smallEveryMs: 500,
  rebuildEverySeconds: Math.min(rebuildEvery, seconds / 3),
  sampleSeconds: seconds < 600 ? 2 : 10,
})

type Handles = readonly [before: number, after: number]

/** Answers how many handles the server had with no client, before and after. */
const soakOn = async (folder: string, plan: Plan, tally: Tally, observed: Observed): Promise<Handles> => {
  // Also as `npm start` and the container begin it: else what V8 takes for young objects grows for hours.
  const server = await startServer({ folder, settings: { ...settings, ...inspectable } })
  const { ask, end } = requests()
  const soak: Soak = {
    plan,
    tally,
    ask,
    backendUrl: server.backendUrl,
    frontierUrl: server.frontierUrl,
    over: AbortSignal.timeout(plan.seconds * 1_000),
  }
  try {
    const before = handlesOf(server.pid)
    const kept = new Kept(soak, plan.keptRuns)
    const small = new Kept(soak, plan.keptSmall)
    const parts: readonly Promise<void>[] = [
      ...Array.from({ length: plan.writers }, (_, number) => keepLogging(soak, kept, number)),
      keepMakingSmallRuns(soak, small),
      keepCommanding(soak, kept),
      keepReading(soak, kept),
      keepFollowing(soak, Math.min(20, plan.seconds / 6)),
      keepFollowing(soak, Math.min(45, plan.seconds / 4)),
      keepFollowing(soak, Math.min(300, plan.seconds / 2), 1_024),
      keepRebuilding(soak, folder),
      keepSampling(soak, server.pid, folder, observed),
      keepMeasuringLive(soak, server.stderr(), observed.live),
    ]
    // Whoever fails is told of, and the others go on.
    await Promise.all(
      parts.map((part) => part.catch((error: unknown) => tally.fault(`one of the clients failed: ${String(error)}`))),
    )
    observed.minutes.push({ at: plan.seconds, latencies: tally.latencies() })
    say("looking through what is kept")
    await kept.checkAll()
    await small.checkAll()
    end()
    return [before, await handlesAtRest(server.pid, before)]
  } finally {
    end()
    await server.stop()
  }
}

/** Sockets that clients have left are closed within seconds; the store may have opened a few files more. */
const handlesAtRest = async (pid: number, before: number): Promise<number> => {
  const deadline = performance.now() + 30_000
  while (handlesOf(pid) > before && performance.now() < deadline) await wait(500)
  return handlesOf(pid)
}

const keepRebuilding = async (soak: Soak, folder: string): Promise<void> => {
  for (;;) {
    await pause(soak, soak.plan.rebuildEverySeconds * 1_000)
    if (soak.over.aborted) return
    const start = performance.now()
    const { code, stderr } = await runCli(folder, ["rebuild", "--quiet"], settings)
    if (code !== 0) soak.tally.fault(`a rebuild ended with ${code}: ${stderr}`)
    soak.tally.took("rebuild", performance.now() - start)
    soak.tally.count("rebuilds")
  }
}

const tell = (observed: Observed, verdict: Verdict, tally: Tally, idle: Handles): void => {
  const { memory, heap, handles, threads, slower } = verdict
  const inMiB = ({ at, heaps }: Live): string =>
    `${heaps.map((mib) => mib.toFixed(1)).join(" + ")} at ${(at / 60).toFixed(1)} min`
  say(table(observed).join("\n"))
  for (const [what, count] of Object.entries(tally.counts())) say(`${what}: ${count}`)
  say(`live heaps of the gateways and the projector, in MiB: ${observed.live.map(inMiB).join(", ")}`)
  say(`own memory: ${memory.perHour.toFixed(1)} MiB/h (95 %: ${memory.low.toFixed(1)} to ${memory.high.toFixed(1)})`)
  say(`heap of the main thread: ${heap.perHour.toFixed(1)} MiB/h (95 %: ${heap.low.toFixed(1)} to ${heap.high.toFixed(1)})`)
  say(`handles: ${handles.join(" → ")} under load, ${idle.join(" → ")} at rest; threads: ${threads.join(" → ")}`)
  say(`p99, last sixth over first: ${JSON.stringify(slower, (_, value: unknown) => rounded(value))}`)
}

const rounded = (value: unknown): unknown => (typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value)

const record = (name: string, result: object): void => {
  const folder = join(import.meta.dirname, "results")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `soak-${name}.json`), `${JSON.stringify(result, (_, value: unknown) => rounded(value))}\n`)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main()
