/** Which experiment a run belongs to, and the experiments themselves. */
import type { FoldContext, RunState } from "./context.ts"
import { claim, control, count, created, isDeleted, nameOf, remove, renamed } from "./entities.ts"
import type { Projector } from "./projector.ts"
import type { WritableRows } from "./rows.ts"
import { indexText, replaceEntries } from "./run-index.ts"
import { change } from "./runs.ts"

export const experiments = {
  RunExperimentSet: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    if (data.experimentId !== null && data.name !== null)
      await claim(context.rows, "experiment", data.experimentId, data.name, meta.at)
    if (run.meta.get("experiment_id") === data.experimentId && (await linkedTo(context.rows, run.id)) === data.experimentId)
      return
    await unlinkExperiment(context.rows, run.id)
    change(context, run, meta.at, [["experiment_id", data.experimentId]])
    await linkExperiment(context, run)
  },

  ExperimentCreated: ({ data, meta }, context) =>
    created(context, "experiment", data.id, meta, { name: data.name, description: data.description }),
  ExperimentRenamed: ({ data, meta }, context) => renamed(context, "experiment", data.id, meta, data.name),
  ExperimentDescribed: ({ data, meta }, context) =>
    control(context, "experiment", data.id, meta, { description: data.description }),
  ExperimentArchived: ({ data, meta }, context) => control(context, "experiment", data.id, meta, { is_archived: data.archived }),
  ExperimentDeleted: ({ data, meta }, context) => remove(context, "experiment", data.id, meta),
} satisfies Projector

/** Links a run to the experiment its fields name, unless that was deleted. */
export const linkExperiment = async (context: FoldContext, run: RunState): Promise<void> => {
  const { rows } = context
  const id = run.meta.get("experiment_id")
  if (typeof id !== "string" || (await isDeleted(rows, "experiment", id))) return
  rows.set("system", ["experiment_runs", id, run.id], true)
  rows.set("system", ["run_experiment", run.id], id)
  await count(rows, "experiment", id, 1)
  await indexExperiment(rows, run.id, id)
}

/** Removes a run's link, with its entry and its place in the count. */
export const unlinkExperiment = async (rows: WritableRows, run: string): Promise<void> => {
  const id = await linkedTo(rows, run)
  if (id === null) return
  rows.clear("system", ["experiment_runs", id, run])
  rows.clear("system", ["run_experiment", run])
  await count(rows, "experiment", id, -1)
  await replaceEntries(rows, run, ["experiment"], [])
}

/** Makes a linked run's entry that of the experiment's name now. */
export const indexExperiment = async (rows: WritableRows, run: string, id: string): Promise<void> => {
  const name = await nameOf(rows, "experiment", id)
  await replaceEntries(rows, run, ["experiment"], name === undefined ? [] : [["experiment", indexText(name)]])
}

const linkedTo = async (rows: WritableRows, run: string): Promise<string | null> => {
  const id = await rows.get("system", ["run_experiment", run])
  return typeof id === "string" ? id : null
}
