/** What the real reads show, in the model's words. */
import { Effect } from "effect"
import { toJson } from "../../domain/json-text.ts"
import type { KeyValueStore, StoreFault } from "../../domain/ports/key-value-store.ts"
import { isMap, type Value } from "../../domain/value.ts"
import type { Recorded } from "../../events/index.ts"
import { idByName } from "../../projections/entities.ts"
import { entities, isArchived, numberIn, type Table, textOf } from "../../projections/entity-view.ts"
import { readLog, recordCount } from "../../projections/log-read.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import { attributesOf, experimentOf, runById, tagsOfRun, tracesOf } from "../../projections/run-view.ts"
import { makeView } from "../../projections/view.ts"
import { modelOf, type Told } from "./model.ts"
import { pairs } from "./model-run.ts"
import { runOf } from "./people.ts"
import { runs } from "./plan.ts"

/** Where the reads and the model differ, in words. */
export const modelDifferences = (records: readonly Recorded[]): Effect.Effect<readonly string[], StoreFault, KeyValueStore> =>
  Effect.flatMap(makeView, (view) =>
    Effect.map(view.read(shown), (told) => {
      const model = modelOf(records)
      return [...new Set([...told.keys(), ...model.keys()])]
        .filter((place) => told.get(place) !== model.get(place))
        .map((place) => `${place} is ${String(told.get(place))}, by the model ${String(model.get(place))}`)
        .slice(0, 6)
    }),
  )

const shown = async (rows: Rows): Promise<Told> => {
  const told = new Map<string, string>()
  for (let i = 0; i < runs; i++) await showRun(rows, runOf(i), told)
  for (const [kind, table] of [
    ["experiment", "experiments"],
    ["tag", "tags"],
  ] as const)
    for (const one of await entities(rows, table)) {
      const name = textOf(one, "name")
      told.set(
        `${kind} ${one.id}`,
        JSON.stringify([name, textOf(one, "description"), isArchived(one), numberIn(one, "run_count")]),
      )
      told.set(`${kind} named ${name}`, (await idByName(rows, kind, name)) ?? "none")
    }
  for (const [table, field] of pages)
    for (const one of await entities(rows, table)) told.set(`${table} ${one.id}`, textOf(one, field))
  return told
}

const pages: readonly (readonly [Table, string])[] = [
  ["notes", "content"],
  ["reports", "name"],
  ["dashboards", "name"],
]

const showRun = async (rows: Rows, id: string, told: Map<string, string>): Promise<void> => {
  const run = await runById(rows, id)
  if (run === undefined) return
  const tags = (await tagsOfRun(rows, id)).map((tag) => tag.id).sort()
  const experiment = (await experimentOf(rows, run))?.id ?? null
  told.set(`run ${id}`, JSON.stringify([run.name, run.description, run.archived, run.active, experiment, tags]))
  for (const { name, contextId, kind } of await tracesOf(rows, id)) {
    if (kind !== "metric") continue
    const { steps, values } = await readMetric(rows, id, { name, contextId })
    told.set(`points ${id} ${contextId} ${name}`, pairs(new Map(Array.from(steps, (step, i) => [step, values[i]]))))
  }
  const lines = await readLog(rows, id, "lines", { start: 0, stop: null }, 1_000)
  if (lines.length > 0) told.set(`lines ${id}`, pairs(new Map(lines.map(({ step, value }) => [step, value]))))
  const records = await recordCount(rows, id)
  if (records > 0) told.set(`records ${id}`, String(records))
  showAttributes(id, [], await attributesOf(rows, id), told)
}

const showAttributes = (run: string, path: readonly string[], value: Value, told: Map<string, string>): void => {
  if (!isMap(value)) told.set(`attribute ${run} ${path.join("/")}`, toJson(value))
  else for (const [name, each] of value) showAttributes(run, [...path, String(name)], each, told)
}
