/**
 * Measures what README.md in this folder records.
 *
 *   npm run bench                         all figures, medians of five
 *   npm run bench -- --quick ingest       one round of one figure
 *   npm run bench -- --runs 100000 search
 *   npm run bench -- --points 100000000 linear
 *   npm run bench -- --engines kafka      those that a log in Kafka changes
 *   npm run bench -- --record             also writes bench/results/<name>.json (--name, else the date)
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { columnar } from "./figures/columnar.ts"
import { ingest } from "./figures/ingest.ts"
import { latency } from "./figures/latency.ts"
import { linear } from "./figures/linear.ts"
import { memory } from "./figures/memory.ts"
import { reads } from "./figures/reads.ts"
import { rebuild } from "./figures/rebuild.ts"
import { recovery } from "./figures/recovery.ts"
import { sdkDurable, sdkLog, sdkStart } from "./figures/sdk.ts"
import { search } from "./figures/search.ts"
import { sizes } from "./figures/sizes.ts"
import { switchOver } from "./figures/switch.ts"
import { smallRuns } from "./figures/small-runs.ts"
import { type EngineName, type Engines, placeIn, startEngines } from "./support/engines.ts"
import { type Figure, median, type Sample, type Scale } from "./support/figure.ts"
import { fdatasyncMillis, load, machine } from "./support/machine.ts"
import { type Target, targetsOn } from "./targets.ts"

const embedded: readonly Figure[] = [
  ingest,
  columnar,
  latency,
  smallRuns,
  rebuild,
  linear,
  switchOver,
  reads,
  sizes,
  memory,
  search,
  sdkLog,
  sdkStart,
  sdkDurable,
]
/** Those of a log in Kafka; the others look at what is folded, which is the same there. */
const onKafka: readonly Figure[] = [ingest, columnar, latency, smallRuns, recovery]

const figuresOn: Readonly<Record<EngineName, readonly Figure[]>> = { embedded, kafka: onKafka }

/** A figure's sample over all rounds: the median, and what it was made of. */
interface Result extends Sample {
  readonly rounds: readonly number[]
  /** The load average when the figure began and ended. */
  readonly load: readonly [before: number, after: number]
}

type Asked = Pick<Scale, "rounds" | "runs" | "points">

const here = import.meta.dirname

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      name: { type: "string" },
      runs: { type: "string", default: "10000" },
      points: { type: "string", default: "10000000" },
      rounds: { type: "string", default: "5" },
      engines: { type: "string", default: "embedded" },
    },
  })
  const { engines: on } = values
  if (on !== "embedded" && on !== "kafka") throw new Error(`no engines ${on}; there are embedded and kafka`)
  const figures = figuresOn[on]
  const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name))
  if (unknown.length > 0)
    throw new Error(`no figure ${unknown.join(", ")}; there are ${figures.map(({ name }) => name).join(", ")}`)
  const chosen = positionals.length === 0 ? figures : figures.filter(({ name }) => positionals.includes(name))
  const baseline = readBaseline(on)
  const root = mkdtempSync(join(tmpdir(), "matyan-bench-"))
  const engines = await startEngines(on, root)
  try {
    const flush = fdatasyncMillis(root)
    say(`${JSON.stringify(machine())}\nload ${load()}, one fdatasync ${flush.toFixed(2)} ms`)
    const results: Result[] = []
    for (const figure of chosen) {
      const measured = await take(figure, engines, root, {
        rounds: values.quick ? 1 : Number(values.rounds),
        runs: Number(values.runs),
        points: Number(values.points),
      })
      say(`\n${figure.name}: ${figure.says}\nload ${measured[0]?.load.join(" → ")}`)
      for (const result of measured) say(line(result, targetsOn[on][result.name], baseline.get(result.name)))
      results.push(...measured)
    }
    if (values.record) record(values.name ?? new Date().toISOString().slice(0, 10), flush, results)
  } finally {
    await engines.stop()
    rmSync(root, { recursive: true, force: true })
  }
}

const take = async (figure: Figure, engines: Engines, root: string, asked: Asked): Promise<readonly Result[]> => {
  const folder = join(root, figure.name)
  mkdirSync(folder)
  const before = load()
  const samples = await figure.measure({ ...asked, folder, place: (name) => placeIn(engines, folder, name) })
  rmSync(folder, { recursive: true, force: true })
  return (samples[0] ?? []).map(({ name, unit }, i) => {
    const values = samples.map((round) => round[i]!.value)
    return { name, unit, value: median(values), rounds: values, load: [before, load()] }
  })
}

const readBaseline = (on: EngineName): ReadonlyMap<string, number> => {
  const baselineFile = join(here, on === "embedded" ? "baseline.json" : `baseline-${on}.json`)
  if (!existsSync(baselineFile)) return new Map()
  const { results } = JSON.parse(readFileSync(baselineFile, "utf8")) as { readonly results: readonly Sample[] }
  return new Map(results.map(({ name, value }) => [name, value]))
}

/** One result, against its target and against the baseline (1.20× there: a fifth more than then). */
const line = ({ name, unit, value, rounds }: Result, target: Target | undefined, baseline: number | undefined): string => {
  const met = target === undefined || (target.better === "more" ? value >= target.target : value <= target.target)
  const wanted =
    target === undefined ? "" : `${met ? "ok  " : "FALLS SHORT "} ${target.better === "more" ? "≥" : "≤"} ${shown(target.target)}`
  const then = baseline === undefined ? "" : `${(value / baseline).toFixed(2)}× baseline`
  const spread = rounds.length === 1 ? "" : `(${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))})`
  return `  ${name.padEnd(52)} ${shown(value).padStart(11)} ${unit.padEnd(13)} ${wanted.padEnd(26)} ${then.padEnd(16)} ${spread}`
}

const shown = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)

const record = (name: string, flush: number, results: readonly Result[]): void => {
  mkdirSync(join(here, "results"), { recursive: true })
  const file = join(here, "results", `${name}.json`)
  const content = { date: new Date().toISOString(), machine: machine(), fdatasyncMillis: flush, results }
  writeFileSync(file, `${formatted(content)}\n`)
  say(`\nrecorded in ${file}`)
}

/** JSON as the formatter wants it: lists of numbers on one line. Six digits are more than was measured. */
const formatted = (content: unknown): string =>
  JSON.stringify(
    content,
    (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(6)) : value),
    2,
  ).replaceAll(/\[([\d.,\s]*)\]/g, (_, numbers: string) => `[${numbers.trim().split(/,\s*/).join(", ")}]`)

const say = (text: string): void => void process.stdout.write(`${text}\n`)

await main()
