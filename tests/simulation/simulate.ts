/** `npm run simulate -- --seeds N`: many simulations, side by side; a seed that fails is told with what repeats it, and shrunk. */
import { fork } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Plan, planOf } from "./plan.ts"
import { type Result, simulate } from "./simulation.ts"
import { shrink } from "./shrink.ts"

const help = `npm run simulate -- [options]
  --seeds N     how many seeds to try, 200 by default
  --seed S      the first of them, 1 by default; alone: only this one
  --steps N     how many deeds a plan has, 120 by default
  --plan FILE   one plan from a file, such as a failure was shrunk to
  --trace       print the trace of each
  --workers N   processes side by side, one for each core by default
`

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    steps: { type: "string" },
    plan: { type: "string" },
    trace: { type: "boolean", default: false },
    workers: { type: "string" },
    stride: { type: "string" },
    help: { type: "boolean", default: false },
  },
})

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const numberIn = (text: string | undefined, otherwise: number): number => (text === undefined ? otherwise : Number(text))

const first = numberIn(values.seed, 1)
const count = numberIn(values.seeds, values.seed === undefined ? 200 : 1)
const steps = values.steps === undefined ? undefined : Number(values.steps)
const planFor = (seed: number): Plan => planOf(seed, steps)

/** What a child tells of a seed. */
type Tried = Pick<Result, "violations" | "steps" | "events" | "traceHash"> & { readonly seed: number }

const tell = ({ trace, violations, steps, events, traceHash }: Result): void => {
  for (const line of trace) say(line)
  say(`${events} events in ${steps} steps, trace ${traceHash}`)
  for (const violation of violations) say(`  ${violation}`)
}

/** Tries every so manyeth seed, and tells the parent of each. */
const child = async (stride: number): Promise<void> => {
  for (let seed = first; seed < first + count; seed += stride) {
    const { violations, steps, events, traceHash } = await simulate(planFor(seed))
    process.send?.({ seed, violations, steps, events, traceHash } satisfies Tried)
  }
}

const tryAll = async (workers: number): Promise<readonly Tried[]> => {
  const tried: Tried[] = []
  const ends = Array.from({ length: workers }, (_, i) => {
    const options = [
      "--seed",
      String(first + i),
      "--seeds",
      String(count - i),
      "--stride",
      String(workers),
      ...(steps === undefined ? [] : ["--steps", String(steps)]),
    ]
    const one = fork(import.meta.filename, options, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    one.on("message", (message: Tried) => {
      tried.push(message)
      if (message.violations.length > 0) say(`seed ${message.seed} fails: ${message.violations[0] ?? ""}`)
      if (tried.length % 50 === 0) say(`${tried.length} of ${count} seeds`)
    })
    return new Promise<number | null>((resolve) => one.on("exit", resolve))
  })
  const codes = await Promise.all(ends)
  if (tried.length < count)
    throw new Error(`${count - tried.length} seeds were not tried: a process ended with ${codes.join(", ")}`)
  return tried
}

/** What kind of failure it is, whatever it befalls. */
const kindOf = ({ violations }: Pick<Result, "violations">): string => (violations[0] ?? "").split(/[:0-9]/)[0] ?? ""

const shrunk = async (failed: Tried): Promise<void> => {
  say(
    `seed ${failed.seed}: repeat it by npm run simulate -- --seed ${failed.seed}${steps === undefined ? "" : ` --steps ${steps}`}`,
  )
  const fails = async (plan: Plan): Promise<boolean> => kindOf(await simulate(plan)) === kindOf(failed)
  const plan = await shrink(planFor(failed.seed), fails)
  const file = join(tmpdir(), `matyan-simulation-${failed.seed}.json`)
  writeFileSync(file, JSON.stringify(plan))
  say(`  shrunk to ${plan.deeds.length} deeds; npm run simulate -- --plan ${file} --trace`)
  for (const deed of plan.deeds.slice(0, 40)) say(`    ${JSON.stringify(deed).slice(0, 150)}`)
  for (const violation of (await simulate(plan)).violations.slice(0, 5)) say(`  ${violation}`)
}

const many = async (): Promise<number> => {
  const began = performance.now()
  const tried = await tryAll(Math.min(count, numberIn(values.workers, availableParallelism())))
  const failed = tried.filter(({ violations }) => violations.length > 0)
  const events = tried.reduce((sum, one) => sum + one.events, 0)
  const seconds = ((performance.now() - began) / 1_000).toFixed(1)
  say(`${tried.length} seeds, ${events} events, ${failed.length} failures, ${seconds} s`)
  for (const one of failed.slice(0, 3)) await shrunk(one)
  return failed.length === 0 ? 0 : 1
}

const one = async (plan: Plan): Promise<number> => {
  const result = await simulate(plan, values.trace)
  tell(result)
  return result.violations.length === 0 ? 0 : 1
}

if (values.help) say(help)
else if (values.stride !== undefined) await child(Number(values.stride))
else if (values.plan !== undefined) process.exitCode = await one(JSON.parse(readFileSync(values.plan, "utf8")) as Plan)
else if (count === 1) process.exitCode = await one(planFor(first))
else process.exitCode = await many()
