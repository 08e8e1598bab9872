/** The fields of a run, and the indexes over them. */
import { float, numberOf, type Value } from "../domain/value.ts"
import type { FoldContext, RunState } from "./context.ts"
import type { Projector } from "./projector.ts"
import { addEntry, removeEntry } from "./run-index.ts"

export const runs = {
  RunCreated: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    const start = data.clientStart === null ? null : float(data.clientStart)
    change(context, run, meta.at, [
      ["client_start_ts", start],
      ["active", true],
      ["finalized_at", null],
    ])
  },

  RunRenamed: async ({ data, meta }, context) =>
    change(context, await context.existingRun(data.runId, meta.at), meta.at, [["name", data.name]]),

  RunDescribed: async ({ data, meta }, context) =>
    change(context, await context.existingRun(data.runId, meta.at), meta.at, [["description", data.description]]),

  RunArchived: async ({ data, meta }, context) =>
    change(context, await context.existingRun(data.runId, meta.at), meta.at, [["is_archived", true]]),

  RunUnarchived: async ({ data, meta }, context) =>
    change(context, await context.existingRun(data.runId, meta.at), meta.at, [["is_archived", false]]),

  RunFinished: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    // A person or a job ends a run only once; the client knows best when it ended.
    if (data.finishedAt === null && run.meta.get("finalized_at") !== null) return
    const start = numberOf(run.meta.get("client_start_ts"))
    const duration = data.finishedAt === null || start === undefined ? null : Math.max(0, data.finishedAt - start)
    change(context, run, meta.at, [
      ["active", false],
      ["finalized_at", float(meta.at)],
      ...(duration === null ? [] : [["duration", float(duration)] as const]),
    ])
  },

  RunReopened: async ({ data, meta }, context) =>
    change(context, await context.existingRun(data.runId, meta.at), meta.at, [
      ["active", true],
      ["finalized_at", null],
    ]),
} satisfies Projector

/** Sets the fields that differ, with their index entries and `updated_at`; nothing where all are so already. */
export const change = (context: FoldContext, run: RunState, at: number, fields: readonly (readonly [string, Value])[]): void => {
  const changed = fields.filter(([field, value]) => !sameScalar(run.meta.get(field), value))
  for (const [field, value] of changed) {
    const index = indexed[field]
    if (index !== undefined) {
      removeEntry(context.rows, run.id, [index, !value])
      addEntry(context.rows, run.id, [index, Boolean(value)])
    }
    context.setField(run, field, value)
  }
  if (changed.length > 0) touch(context, run, at)
}

/** Moves `updated_at`; `at` in Unix seconds. */
export const touch = (context: FoldContext, run: RunState, at: number): void => context.setField(run, "updated_at", float(at))

const indexed: Readonly<Record<string, string>> = { is_archived: "archived", active: "active" }

const sameScalar = (a: Value | undefined, b: Value): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && a !== null && b !== null && numberOf(a) === numberOf(b))
