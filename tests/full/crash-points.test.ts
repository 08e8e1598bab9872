/**
 * Ends the real program at each milestone while it does what leads there, starts it again, and goes on to the next: in the
 * end everything that was acknowledged is there, once. `MATYAN_CRASHES=100` goes round so often.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { type Milestone, milestones } from "../../domain/milestones.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { AnyFact } from "../../events/index.ts"
import { commandDies, type CrashPoint, serverDies, sources } from "../support/crash/lives.ts"
import { Deeds } from "../support/crash/deeds.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { at, type Rest, restOf } from "../support/rest.ts"
import { endAll, runCli, type ServerProcess, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const rounds = Number(process.env["MATYAN_CRASHES"] ?? 1)
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)

/** What leads to a milestone. */
type Cause = "start" | "frames" | "commands" | "uploads" | "rename" | "poison" | "trash" | "rebuild"

/** In the order in which they are tried; `most` is how often it comes there soon, from which a time is drawn. */
const ways = {
  "registry: schema kept": { by: "start", most: 20 },
  "secret: drawn": { by: "start", most: 2 },
  "log: writer lock taken": { by: "start", most: 1 },
  "log: before commit": { by: "frames", most: 30 },
  "log: after commit": { by: "frames", most: 30 },
  "frame: before answer": { by: "frames", most: 60 },
  "store: before commit": { by: "frames", most: 8 },
  "store: after commit": { by: "frames", most: 8 },
  "fold: before commit": { by: "frames", most: 6 },
  "fold: after commit": { by: "frames", most: 6 },
  "command: appended": { by: "commands", most: 20 },
  "names: heard": { by: "commands", most: 10 },
  "blob: received": { by: "uploads", most: 10 },
  "blob: content in place": { by: "uploads", most: 10 },
  "blob: described": { by: "uploads", most: 10 },
  "blob: before answer": { by: "uploads", most: 10 },
  "job: before slice": { by: "rename", most: 1 },
  "job: after slice": { by: "rename", most: 2 },
  "letter: buried": { by: "poison", most: 2 },
  "letter: set aside": { by: "poison", most: 1 },
  "trash: purge stated": { by: "trash", most: 4 },
  "trash: orphans stated": { by: "trash", most: 4 },
  "trash: before removal": { by: "trash", most: 4 },
  "blob: removing": { by: "trash", most: 2 },
  "trash: some removed": { by: "trash", most: 4 },
  "trash: removed": { by: "trash", most: 1 },
  "trash: removal stated": { by: "trash", most: 1 },
  "rebuild: opened": { by: "rebuild", most: 1 },
  "rebuild: some folded": { by: "rebuild", most: 4 },
  "rebuild: before hold": { by: "rebuild", most: 1 },
  "rebuild: held": { by: "rebuild", most: 1 },
  "rebuild: swapped": { by: "rebuild", most: 1 },
  "rebuild: removing": { by: "rebuild", most: 1 },
  "rebuild: removed": { by: "rebuild", most: 1 },
} as const satisfies Readonly<Record<Milestone, { readonly by: Cause; readonly most: number }>>

describe("the milestones", () => {
  it("are all reached somewhere in the program", () => {
    const text = globSync(join(sources, "{domain,projections,gateways,infra}/**/*.ts"))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n")
    const named = new Set([...text.matchAll(/reached\(([^)]*)\)/g)].flatMap(([, names = ""]) => names.match(/"[^"]+"/g) ?? []))
    expect(milestones.filter((name) => !named.has(`"${name}"`))).toEqual([])
  })
})

describe("a process that dies", () => {
  it(
    "Law 9, Law 3, Law 1: at each milestone in turn leaves a system that goes on, with all that it acknowledged, once",
    async () => {
      for (let round = 0; round < rounds; round++) await goRound(seed + round)
    },
    900_000 * rounds,
  )
})

const runsOfExperiment = 1_200
const experiment = "e0000000-0000-4000-8000-000000000001"
const letters = 3
/** As many as the lives that end while the trash is emptied can take away before the last of them, at their most. */
const doomed = 16

const goRound = async (own: number): Promise<void> => {
  process.stdout.write(`MATYAN_SEED=${own}\n`)
  const system = new System(seeded(own))
  for (const [milestone, { by, most }] of Object.entries(ways) as readonly [Milestone, { by: Cause; most: number }][])
    await system.die(by, { milestone, count: 1 + Math.floor(system.random() * most) })
  await system.expectWhole()
}

/** One folder, and what must be in it in the end. */
class System {
  readonly random: () => number
  readonly #folder = freshFolder()
  readonly #load: Load
  /** Clients that leave a rebuild room to get on. */
  readonly #gentleLoad: Load
  readonly #deeds = new Deeds()
  #renames = 0
  #before: Cause = "start"

  constructor(random: () => number) {
    this.random = random
    this.#load = new Load(random, "", 300)
    this.#gentleLoad = new Load(random, "9", 2_000)
  }

  async die(by: Cause, point: CrashPoint): Promise<void> {
    if (by !== this.#before) await this.#prepare(by)
    this.#before = by
    if (by === "rebuild") return this.#dieRebuilding(point)
    const stderr = await serverDies(this.#folder, point, this.#provoking[by], by === "trash" ? { MATYAN_TRASH_HOURS: "0" } : {})
    // Whatever was cut short before, this life met nothing that it had to report, but for what cannot be folded.
    // Two of its threads may come to the point at once.
    if (by !== "poison" && by !== "start") expect(stderr.replaceAll(`crash at ${point.milestone}\n`, "")).toBe("")
  }

  readonly #provoking: Readonly<Record<Exclude<Cause, "rebuild">, (server: ServerProcess) => Promise<unknown>>> = {
    start: async () => undefined,
    frames: (server) => keepLogging(this.#load, server),
    commands: (server) => this.#deeds.makeTags(server),
    uploads: (server) => this.#deeds.uploadFiles(server),
    rename: (server) => this.#rename(restOf(server.backendUrl)),
    poison: async () => undefined,
    trash: async () => undefined,
  }

  async #prepare(by: Cause): Promise<void> {
    if (by === "rename") await this.#append(manyRuns())
    if (by === "poison") await this.#append(Array.from({ length: letters }, (_, i) => poison(`poisoned${i}`)))
    if (by !== "trash") return
    const server = await startServer(this.#folder)
    await this.#deeds.doom(server, doomed)
    await server.stop()
  }

  async #rename(rest: Rest): Promise<void> {
    const shown = async () => (await rest.ask("GET", `/experiments/${experiment}`)).body
    await until("all runs of the experiment", shown, (tree) => at(tree, "run_count") === runsOfExperiment)
    await rest.ask("PUT", `/experiments/${experiment}`, { name: `renamed ${this.#renames++}` })
  }

  /** While nobody else writes the log. */
  #append(facts: readonly AnyFact[]): Promise<unknown> {
    const events = facts.map((fact) => stamped(fact, 1_700_000_000, { writer: crypto.randomUUID() }))
    return Effect.runPromise(
      EventLog.use((log) => log.append(events)).pipe(Effect.provide(embeddedLog({ folder: this.#folder }))),
    )
  }

  /** Beside a server that goes on under load. */
  async #dieRebuilding(point: CrashPoint): Promise<void> {
    const server = await startServer(this.#folder)
    const logging = keepLogging(this.#gentleLoad, server)
    await commandDies(this.#folder, ["rebuild"], point, { MATYAN_KEEP_GENERATION_HOURS: "0" })
    await this.#gentleLoad.reached(5, logging)
    await server.kill()
    await logging
  }

  async expectWhole(): Promise<void> {
    let server = await startServer(this.#folder, { MATYAN_TRASH_HOURS: "0" })
    expect(await runCli(this.#folder, ["rebuild", "--quiet"])).toMatchObject({ code: 0 })
    for (const load of [this.#load, this.#gentleLoad]) {
      await load.finish(server)
      await load.expectAll(server)
    }
    await this.#deeds.expectAll(server)
    expect(this.#load.acknowledged).toBeGreaterThan(20)
    expect(this.#deeds.acknowledged).toBeGreaterThan(doomed)
    const listed = await runCli(this.#folder, ["dead-letters", "list", "--json"])
    expect(listed.stdout.trim().split("\n")).toHaveLength(letters)
    const verified = await runCli(this.#folder, ["verify", "--quiet"])
    expect(verified.stdout).toMatch(/^equal: \d+ rows/)
    const hash = await server.dumpHash()
    await server.stop()
    server = await server.restart()
    expect(await server.dumpHash()).toBe(hash)
    await server.stop()
  }
}

/** Until the server is gone; connections also end by themselves, where much was to be sent again. */
const keepLogging = async (load: Load, server: ServerProcess): Promise<void> => {
  const gone = new AbortController()
  void server.ended.then(() => gone.abort())
  while (!gone.signal.aborted) await load.connect(server)
}

/** More than one transaction takes when their experiment is renamed. */
const manyRuns = (): readonly AnyFact[] => [
  { type: "ExperimentCreated", data: { id: experiment, name: "many", description: "" } },
  ...Array.from({ length: runsOfExperiment }, (_, i): AnyFact => {
    const runId = `many${i}`
    return { type: "RunExperimentSet", data: { runId, experimentId: experiment, name: "many" } }
  }),
]

const poison = (runId: string): AnyFact => ({
  type: "AttributesSet",
  data: { runId, paths: [["a"]], values: [Uint8Array.of(0xc1)] },
})
