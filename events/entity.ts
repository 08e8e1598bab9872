/** What belongs to the project rather than to one run. */
import { array, boolean, bytes, event, nullable, record, string } from "./define.ts"

const control = { topic: "control-events" } as const

export const ExperimentCreated = event("ExperimentCreated", {
  ...control,
  fields: { id: string, name: string, description: string },
})
/** `from` is the name it bore, which is free again. */
export const ExperimentRenamed = event("ExperimentRenamed", { ...control, fields: { id: string, from: string, name: string } })
export const ExperimentDescribed = event("ExperimentDescribed", { ...control, fields: { id: string, description: string } })
export const ExperimentArchived = event("ExperimentArchived", { ...control, fields: { id: string, archived: boolean } })
export const ExperimentDeleted = event("ExperimentDeleted", { ...control, fields: { id: string, name: string } })

export const TagCreated = event("TagCreated", {
  ...control,
  fields: { id: string, name: string, color: string, description: string },
})
/** `from` is the name it bore, which is free again. */
export const TagRenamed = event("TagRenamed", { ...control, fields: { id: string, from: string, name: string } })
export const TagRecolored = event("TagRecolored", { ...control, fields: { id: string, color: string } })
export const TagDescribed = event("TagDescribed", { ...control, fields: { id: string, description: string } })
export const TagArchived = event("TagArchived", { ...control, fields: { id: string, archived: boolean } })
export const TagDeleted = event("TagDeleted", { ...control, fields: { id: string, name: string } })

/** A note on a run or on an experiment: exactly one of the two ids is set. */
export const NoteCreated = event("NoteCreated", {
  ...control,
  fields: { id: string, runId: nullable(string), experimentId: nullable(string), content: string },
})
export const NoteEdited = event("NoteEdited", { ...control, fields: { id: string, content: string } })
export const NoteDeleted = event("NoteDeleted", { ...control, fields: { id: string } })

export const DashboardCreated = event("DashboardCreated", {
  ...control,
  fields: { id: string, name: string, description: string, appId: nullable(string) },
})
/** Null: unchanged. */
export const DashboardEdited = event("DashboardEdited", {
  ...control,
  fields: { id: string, name: nullable(string), description: nullable(string) },
})
export const DashboardDeleted = event("DashboardDeleted", { ...control, fields: { id: string } })

/** The saved state of an explorer; `state` is msgpack. */
export const AppCreated = event("AppCreated", { ...control, fields: { id: string, type: string, state: bytes } })
/** Null: unchanged. */
export const AppEdited = event("AppEdited", {
  ...control,
  fields: { id: string, type: nullable(string), state: nullable(bytes) },
})
export const AppDeleted = event("AppDeleted", { ...control, fields: { id: string } })

export const ReportCreated = event("ReportCreated", {
  ...control,
  fields: { id: string, name: string, code: string, description: string },
})
/** Null: unchanged. */
export const ReportEdited = event("ReportEdited", {
  ...control,
  fields: { id: string, name: nullable(string), code: nullable(string), description: nullable(string) },
})
export const ReportDeleted = event("ReportDeleted", { ...control, fields: { id: string } })

/** The sequences pinned for the whole project; `context` is msgpack. */
export const SequencesPinned = event("SequencesPinned", {
  ...control,
  fields: { sequences: array(record("PinnedSequence", { name: string, context: bytes })) },
})
