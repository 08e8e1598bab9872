/** Every command that the query gateway dispatches, and the schemas of the bodies they come in. */
import { Schema } from "effect"
import type { Position } from "../events/index.ts"
import type { ValueMap } from "./value.ts"

const optionalText = Schema.optional(Schema.NullOr(Schema.String))
const optionalFlag = Schema.optional(Schema.NullOr(Schema.Boolean))

/** What clients send. A field that may be null or missing means "unchanged" in an update and the default in a creation. */
export const bodies = {
  updateRun: Schema.Struct({
    name: optionalText,
    description: optionalText,
    archived: optionalFlag,
    experiment: optionalText,
    active: optionalFlag,
  }),
  runIds: Schema.Array(Schema.String),
  rewindRun: Schema.Struct({ step: Schema.Int }),
  tagRun: Schema.Struct({ tag_name: Schema.String }),
  note: Schema.Struct({ content: Schema.String }),
  createExperiment: Schema.Struct({ name: Schema.String }),
  updateExperiment: Schema.Struct({ name: optionalText, description: optionalText, archived: optionalFlag }),
  createTag: Schema.Struct({ name: Schema.String, color: optionalText, description: optionalText }),
  updateTag: Schema.Struct({ name: optionalText, color: optionalText, description: optionalText, archived: optionalFlag }),
  createDashboard: Schema.Struct({ name: Schema.String, description: optionalText, app_id: optionalText }),
  updateDashboard: Schema.Struct({ name: optionalText, description: optionalText }),
  createApp: Schema.Struct({ type: Schema.String, state: Schema.Record(Schema.String, Schema.Unknown) }),
  updateApp: Schema.Struct({
    type: optionalText,
    state: Schema.optional(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
  }),
  createReport: Schema.Struct({ name: Schema.String, code: optionalText, description: optionalText }),
  updateReport: Schema.Struct({ name: optionalText, code: optionalText, description: optionalText }),
  discardDeadLetter: Schema.Struct({ reason: Schema.String }),
  pinSequences: Schema.Struct({
    sequences: Schema.Array(Schema.Struct({ name: Schema.String, context: Schema.Record(Schema.String, Schema.Unknown) })),
  }),
} as const

/** Ids of what is new come with the command: who dispatches draws them. */
export type RunCommand =
  | {
      readonly _tag: "UpdateRun"
      readonly runId: string
      readonly name: string | null
      readonly description: string | null
      readonly archived: boolean | null
      /** By name; one that is not known comes to be, as when a run speaks it. */
      readonly experiment: string | null
      readonly active: boolean | null
    }
  | { readonly _tag: "DeleteRun"; readonly runId: string }
  | { readonly _tag: "DeleteRuns"; readonly runIds: readonly string[] }
  | { readonly _tag: "FinishRuns"; readonly runIds: readonly string[] }
  | { readonly _tag: "ArchiveRuns"; readonly runIds: readonly string[]; readonly archived: boolean }
  | { readonly _tag: "LiftTombstone"; readonly runId: string }
  | { readonly _tag: "RestoreRun"; readonly runId: string }
  | { readonly _tag: "RestoreRuns"; readonly runIds: readonly string[] }
  /** To -1: all that its metrics and objects hold from step 0 on. */
  | { readonly _tag: "RewindRun"; readonly runId: string; readonly step: number }
  | { readonly _tag: "TagRun"; readonly runId: string; readonly name: string }
  | { readonly _tag: "UntagRun"; readonly runId: string; readonly tagId: string }

export type ExperimentCommand =
  | { readonly _tag: "CreateExperiment"; readonly name: string }
  | {
      readonly _tag: "UpdateExperiment"
      readonly id: string
      readonly name: string | null
      readonly description: string | null
      readonly archived: boolean | null
    }
  | { readonly _tag: "DeleteExperiment"; readonly id: string }

export type TagCommand =
  | { readonly _tag: "CreateTag"; readonly name: string; readonly color: string; readonly description: string }
  | {
      readonly _tag: "UpdateTag"
      readonly id: string
      readonly name: string | null
      readonly color: string | null
      readonly description: string | null
      readonly archived: boolean | null
    }
  | { readonly _tag: "DeleteTag"; readonly id: string }

/** Whose notes they are. */
export interface NoteOwner {
  readonly kind: "run" | "experiment"
  readonly id: string
}

export type NoteCommand =
  | { readonly _tag: "CreateNote"; readonly id: string; readonly owner: NoteOwner; readonly content: string }
  | { readonly _tag: "EditNote"; readonly id: string; readonly owner: NoteOwner; readonly content: string }
  | { readonly _tag: "DeleteNote"; readonly id: string; readonly owner: NoteOwner }

export type DashboardCommand =
  | {
      readonly _tag: "CreateDashboard"
      readonly id: string
      readonly name: string
      readonly description: string
      readonly appId: string | null
    }
  | { readonly _tag: "EditDashboard"; readonly id: string; readonly name: string | null; readonly description: string | null }
  | { readonly _tag: "DeleteDashboard"; readonly id: string }

export type AppCommand =
  | { readonly _tag: "CreateApp"; readonly id: string; readonly type: string; readonly state: ValueMap }
  | { readonly _tag: "EditApp"; readonly id: string; readonly type: string | null; readonly state: ValueMap | null }
  | { readonly _tag: "DeleteApp"; readonly id: string }

export type ReportCommand =
  | {
      readonly _tag: "CreateReport"
      readonly id: string
      readonly name: string
      readonly code: string
      readonly description: string
    }
  | {
      readonly _tag: "EditReport"
      readonly id: string
      readonly name: string | null
      readonly code: string | null
      readonly description: string | null
    }
  | { readonly _tag: "DeleteReport"; readonly id: string }

export interface PinnedSequence {
  readonly name: string
  readonly context: ValueMap
}

export type ProjectCommand = { readonly _tag: "PinSequences"; readonly sequences: readonly PinnedSequence[] }

export interface DeadLetterCommand {
  readonly _tag: "DiscardDeadLetter"
  readonly position: Position
  readonly reason: string
}

export type Command =
  | RunCommand
  | ExperimentCommand
  | TagCommand
  | NoteCommand
  | DashboardCommand
  | AppCommand
  | ReportCommand
  | ProjectCommand
  | DeadLetterCommand
