/** Runs what is to catch a bug, with the bug planted in its process or without. */
import { execFile } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Semaphore } from "effect"
import type { PlantedBug, SimulationCatcher, TestCatcher } from "./planted.ts"

/** What a catcher came to: what failed and how it said so; `caught` is false where nothing did. */
export interface Catch {
  readonly caught: boolean
  readonly says: string
}

const root = fileURLToPath(new URL("../..", import.meta.url))
const preload = ["--import", join(root, "tests/planted/plant.ts")]
const vitest = join(root, "node_modules/vitest/vitest.mjs")

/** Whether the bug is caught by what it is said to be caught by. */
export const catching = ({ name, caughtBy }: PlantedBug): Promise<Catch> =>
  "seeds" in caughtBy ? simulated(caughtBy, name) : tested([caughtBy], name)

/** Runs named tests, and no others; throws where one of them is not there. */
export const tested = async (catchers: readonly TestCatcher[], bug = ""): Promise<Catch> => {
  const report = join(tmpdir(), `matyan-planted-${process.pid}-${++reports}.json`)
  try {
    const { output } = await ended([vitest, ...asked(catchers), `--outputFile=${report}`], bug)
    if (!existsSync(report)) throw new Error(`the tests for "${bug}" did not run: ${output.slice(-2_000)}`)
    return outcomeOf(JSON.parse(readFileSync(report, "utf8")) as Report, catchers)
  } finally {
    rmSync(report, { force: true })
  }
}

const asked = (catchers: readonly TestCatcher[]): readonly string[] => {
  const files = [...new Set(catchers.map(({ test }) => test))]
  const names = [...new Set(catchers.map(({ named }) => escaped(named)))].join("|")
  return ["run", "--config", "tests/planted/vitest.config.ts", "--reporter=json", ...files, "-t", names]
}

/** Simulates with seeds from 1 on, until one finds something. */
export const simulated = async ({ seeds }: Pick<SimulationCatcher, "seeds">, bug = ""): Promise<Catch> => {
  const { code, output } = await ended([...preload, join(root, "tests/planted/simulate.ts"), "1", String(seeds)], bug)
  const found = code === 0 ? output.trim().split("\n").at(-1) : undefined
  if (found === undefined) throw new Error(`the simulation ended with ${code}: ${output.slice(-2_000)}`)
  return { caught: found !== "null", says: found }
}

let reports = 0

/** A text as a pattern that stands for itself. */
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

const outcomeOf = ({ testResults }: Report, catchers: readonly TestCatcher[]): Catch => {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  for (const { named, test } of catchers)
    if (!results.some(({ fullName, status }) => fullName.includes(named) && status !== "skipped" && status !== "pending"))
      throw new Error(`no test "${named}" was run in ${test}: ${testResults.map(({ message }) => message).join("\n")}`)
  const failed = results.filter(({ status }) => status === "failed")
  return { caught: failed.length > 0, says: failed.map((one) => `${one.fullName}: ${one.failureMessages.join("\n")}`).join("\n") }
}

/** Two at a time: more would only wait for each other. */
const turns = Semaphore.makeUnsafe(2)

const ended = (args: readonly string[], bug: string): Promise<Ended> =>
  Effect.runPromise(turns.withPermit(Effect.promise(() => run(args, bug))))

interface Ended {
  readonly code: number
  readonly output: string
}

const run = (args: readonly string[], bug: string): Promise<Ended> =>
  new Promise((resolve) => {
    const { VITEST: _, ...own } = process.env
    const env = { ...own, MATYAN_PLANTED: bug }
    const child = execFile(process.execPath, args, { cwd: root, env, maxBuffer: 2 ** 26 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout.length > 0 ? stdout : stderr }),
    )
  })
