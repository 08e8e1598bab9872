/** Processes that log into one run with the SDK, and what must have come of it. */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import { at, type Json, type Rest } from "./rest.ts"
import { until } from "./wait.ts"

export interface LoggerTask {
  readonly url: string
  /** Of the spools. */
  readonly place: string
  readonly run: string
  /** Its points have the values from here on. */
  readonly base: number
  readonly join: boolean
}

export type Heard = "finish"

export interface Finished {
  readonly count: number
  readonly state: string
  readonly dropped: number
  readonly problems: readonly string[]
}

/** What a logger says of itself. */
export type Told = { readonly spooled: number } | { readonly uploaded: string } | { readonly finished: Finished }

export interface Logger {
  readonly task: LoggerTask
  /** How many points of each sequence it surely has in its spool. */
  readonly spooled: () => number
  readonly uploaded: readonly string[]
  /** Ends it by SIGKILL. */
  readonly kill: () => Promise<void>
  /** Resolves when it has finished its run, and throws where it did not do so well. */
  readonly finish: () => Promise<Finished>
}

/** Values of different loggers are so far apart. */
export const baseOf = (index: number): number => index * 10_000_000

const program = fileURLToPath(new URL("sdk-logger.ts", import.meta.url))
const running = new Set<ChildProcess>()
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})

export const startLogger = async (task: LoggerTask): Promise<Logger> => {
  const child = fork(program, [JSON.stringify(task)], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  running.add(child)
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  void gone.then(() => running.delete(child))
  let spooled = 0
  let finished: Finished | undefined
  const uploaded: string[] = []
  child.on("message", (told: Told) => {
    if ("spooled" in told) spooled = told.spooled
    else if ("uploaded" in told) uploaded.push(told.uploaded)
    else finished = told.finished
  })
  await until("a logger's first points", () => spooled > 0 || child.exitCode !== null, Boolean)
  return {
    task,
    uploaded,
    spooled: () => spooled,
    kill: async () => {
      child.kill("SIGKILL")
      await gone
    },
    finish: async () => {
      child.send("finish" satisfies Heard)
      await gone
      if (finished === undefined) throw new Error(`a logger ended with ${child.exitCode} before it had finished`)
      return finished
    },
  }
}

export interface Line {
  readonly steps: readonly number[]
  readonly values: readonly number[]
}

/** All points of a metric; none while there is no such metric. */
export const lineOf = async (rest: Rest, run: string, name: string, context: Json = {}): Promise<Line> => {
  const { body } = await rest.ask("POST", `/runs/${run}/metric/get-batch/?record_density=0`, [{ name, context }])
  // JSON arrays of finite numbers, as they were logged.
  const numbers = (column: string) => (at(body, 0, column) ?? []) as readonly number[]
  return { steps: numbers("iters"), values: numbers("values") }
}

const linesOf = async (rest: Rest, run: string): Promise<readonly number[]> => {
  const lines = await rest.tree(`/runs/${run}/logs/?record_range=0:`)
  const steps = Object.keys(lines).map(Number).sort((a, b) => a - b) // prettier-ignore
  expect(isCounted(steps, 0), "lines count without a gap").toBe(true)
  return steps.map((step) => Number(lines[step]))
}

const texts = async (rest: Rest, run: string): Promise<readonly number[]> => {
  const { log_records_count: _, ...records } = await rest.tree(`/runs/${run}/log-records/?record_range=0:`)
  const steps = Object.keys(records).sort((a, b) => Number(a) - Number(b))
  return steps.map((step) => Number(at(records[step], "message")))
}

/**
 * Each logger's points, records and lines are there once, in its order and without a gap: those it surely kept, and maybe the next few that
 * it kept before it was killed. Loggers of one run after the other do not overlap either.
 */
export const expectLogged = async (rest: Rest, run: string, loggers: readonly Logger[], areBeside: boolean): Promise<number> => {
  const { steps, values } = await lineOf(rest, run, "loss")
  const stepped = await lineOf(rest, run, "stepped", { subset: "train" })
  expect(stepped.values).toEqual(stepped.steps)
  const [records, lines] = [await texts(rest, run), await linesOf(rest, run)]
  expect(isCounted(steps, 0), "auto-steps count without a gap").toBe(true)
  let seen = 0
  let seenStepped = 0
  for (const logger of loggers) {
    const base = logger.task.base
    const own = (numbers: readonly number[]) => numbers.filter((value) => value >= base && value < base + baseOf(1))
    const points = own(values)
    expect(isCounted(points, base), `points of the logger at ${base}, each once and in order`).toBe(true)
    expect(points.length).toBeGreaterThanOrEqual(logger.spooled())
    const others = own(stepped.values)
    expect(isCounted(others, base), `points with steps of the logger at ${base}`).toBe(true)
    expect(others.length).toBeGreaterThanOrEqual(logger.spooled())
    // It may have been killed between the two.
    expect([0, 1]).toContain(points.length - others.length)
    seenStepped += others.length
    if (!areBeside) expect(values.indexOf(base), "after all of the loggers before").toBe(seen)
    seen += points.length
    for (const said of [own(records), own(lines)]) {
      expect(said.length).toBeGreaterThan(0)
      expect(said).toEqual([...new Set(said)].sort((a, b) => a - b))
    }
    for (const path of logger.uploaded) {
      const bytes = await rest.bytes(`/runs/${run}/artifacts/download/?path=${encodeURIComponent(path)}`)
      expect(Buffer.from(bytes).toString()).toBe(`weights of ${path.replaceAll(/\D/g, "")}`)
    }
  }
  expect([seen, seenStepped]).toEqual([values.length, stepped.values.length])
  return seen
}

const isCounted = (numbers: readonly number[], from: number): boolean => numbers.every((number, i) => number === from + i)
