/** Notes, dashboards, apps, reports and pinned sequences: rows of fields, only ever written by control events in their order. */
import { decodeValue } from "../domain/msgpack.ts"
import { float, type Value } from "../domain/value.ts"
import type { FoldContext } from "./context.ts"
import type { Projector } from "./projector.ts"
import { empty } from "./rows.ts"

type Table = "notes" | "dashboards" | "dashboard_apps" | "reports"

export const pages = {
  NoteCreated: ({ data, meta }, context) => {
    const owner = data.runId ?? data.experimentId
    const key = data.runId === null ? "experiment_id" : "run_hash"
    create(context, "notes", data.id, meta.at, { content: data.content, [key]: owner })
    context.rows.setBytes("own", ["notes_of", owner, data.id], empty)
  },
  NoteEdited: ({ data, meta }, context) => edit(context, "notes", data.id, meta.at, { content: data.content }),
  NoteDeleted: async ({ data }, context) => {
    const { rows } = context
    for (const field of ["run_hash", "experiment_id"]) {
      const owner = await rows.get("system", ["notes", data.id, field])
      if (typeof owner === "string") rows.clear("own", ["notes_of", owner, data.id])
    }
    rows.clearUnder("system", ["notes", data.id])
  },

  DashboardCreated: ({ data, meta }, context) =>
    create(context, "dashboards", data.id, meta.at, {
      name: data.name,
      description: data.description,
      is_archived: false,
      ...(data.appId === null ? {} : { app_id: data.appId }),
    }),
  DashboardEdited: ({ data, meta }, context) =>
    edit(context, "dashboards", data.id, meta.at, { name: data.name, description: data.description }),
  DashboardDeleted: ({ data, meta }, context) => edit(context, "dashboards", data.id, meta.at, { is_archived: true }),

  AppCreated: ({ data, meta }, context) =>
    create(context, "dashboard_apps", data.id, meta.at, { type: data.type, state: decodeValue(data.state) }),
  AppEdited: ({ data, meta }, context) =>
    edit(context, "dashboard_apps", data.id, meta.at, {
      type: data.type,
      state: data.state === null ? null : decodeValue(data.state),
    }),
  AppDeleted: ({ data }, context) => context.rows.clearUnder("system", ["dashboard_apps", data.id]),

  ReportCreated: ({ data, meta }, context) =>
    create(context, "reports", data.id, meta.at, { name: data.name, code: data.code, description: data.description }),
  ReportEdited: ({ data, meta }, context) =>
    edit(context, "reports", data.id, meta.at, { name: data.name, code: data.code, description: data.description }),
  ReportDeleted: ({ data }, context) => context.rows.clearUnder("system", ["reports", data.id]),

  SequencesPinned: ({ data }, context) => {
    context.rows.clearAll("system", ["pinned_sequences", "__leaf__"])
    context.rows.set(
      "system",
      ["pinned_sequences", "__leaf__"],
      data.sequences.map(
        ({ name, context: bytes }) =>
          new Map<string, Value>([
            ["name", name],
            ["context", decodeValue(bytes)],
          ]),
      ),
    )
  },
} satisfies Projector

const create = (context: FoldContext, table: Table, id: string, at: number, fields: Readonly<Record<string, Value>>): void => {
  const times = { created_at: float(at), updated_at: float(at) }
  for (const [field, value] of Object.entries({ ...fields, ...times })) context.rows.set("system", [table, id, field], value)
}

/** Sets the fields that are not null; nothing on what is not there (it was deleted meanwhile) or is so already. */
const edit = async (
  context: FoldContext,
  table: Table,
  id: string,
  at: number,
  fields: Readonly<Record<string, Value>>,
): Promise<void> => {
  const { rows } = context
  if (!(await rows.has("system", [table, id, "created_at"]))) return
  for (const [field, value] of Object.entries(fields)) {
    if (value === null) continue
    rows.clearAll("system", [table, id, field])
    rows.set("system", [table, id, field], value)
  }
  rows.set("system", [table, id, "updated_at"], float(at))
}
