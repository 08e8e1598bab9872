/** Law 11: what indexes tell of a query is what a look at every run tells. */
import { compile, type Query } from "../../domain/query/index.ts"
import { candidatesOf } from "../../projections/plan-executor.ts"
import type { Rows } from "../../projections/rows.ts"
import { factsOf, RunLoader } from "../../projections/search-facts.ts"
import { everyRun, runsOf, sortedById } from "../../projections/search-sets.ts"
import { nameOf } from "./deeds.ts"

const names = [0, 1, 2, 3].flatMap((index) => [nameOf(index), `new ${nameOf(index)}`])

const queries = [
  ...names.map((name) => `run.experiment == '${name}'`),
  ...names.map((name) => `'${name}' in run.tags`),
  "run.active",
  "run.archived == True",
  "run.experiment == 'x' or 'best' in run.tags",
  "'other' in run.tags and not run.archived",
  "run.hparams.lr == 1",
  "run.hparams.lr >= 0.1",
  "run.hparams.opt.depth == 2",
  "run.name == 'base by hand'",
  "run.hash == 'run-1'",
  "run.metrics['loss'].last > 0",
].map((text) => {
  const compiled = compile(text, { timezoneOffsetMinutes: 0, sequenceName: null })
  if ("refused" in compiled) throw new Error(`${text}: ${compiled.refused.message}`)
  return { text, query: compiled.query }
})

/** The queries that the two ways answer differently, with both answers. */
export const planDifferences = async (rows: Rows, most = queries.length, from = 0): Promise<readonly string[]> => {
  const every = sortedById(await runsOf(everyRun(rows)))
  const differences: string[] = []
  for (let i = 0; i < most; i++) {
    const { text, query } = queries[(from + i) % queries.length]!
    const { set, exact } = await candidatesOf(rows, query.plan)
    const found = sortedById(await runsOf(set))
    const [planned, scanned] = [exact ? found : await matching(rows, found, query), await matching(rows, every, query)]
    if (planned.join() !== scanned.join())
      differences.push(`Law 11: ${text} finds ${planned.join()} by its plan and ${scanned.join()} without`)
  }
  return differences
}

const matching = async (rows: Rows, runs: readonly string[], query: Query): Promise<readonly string[]> => {
  const loader = new RunLoader(rows)
  const found: string[] = []
  for (const run of runs) {
    const loaded = await loader.load(run, { attributes: true, metrics: true, tags: true })
    if (loaded !== undefined && query.matches({ run: factsOf(loaded) }, { steps: 1e7 })) found.push(run)
  }
  return found
}
