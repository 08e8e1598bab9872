/** What each event of the log means to somebody who watches: something about a run, its sequences, or an entity. */
import type { EventType, Recorded } from "../events/index.ts"
import { linesName, recordsName } from "./logs.ts"

/** `created`: a client opened the run, for the first time or again; `rewound`: points that were told before are gone. */
export type RunChange = "created" | "changed" | "deleted" | "restored" | "rewound"
export type EntityChange = "created" | "changed" | "deleted"
export type EntityKind = "experiment" | "tag" | "note" | "dashboard" | "app" | "report" | "pinned"

export interface RunMeaning {
  readonly topic: "runs"
  readonly change: RunChange
  /** The experiment or tag that the run begins or ceases to belong to, whose runs are others from now on. */
  readonly of?: { readonly kind: EntityKind; readonly id: string }
}

export interface PointsMeaning {
  readonly topic: "points"
  readonly name: string
  readonly contextId: number
  /** As msgpack; null: the empty one. */
  readonly context: Uint8Array | null
  readonly count: number
}

export interface EntityMeaning {
  readonly topic: "entities"
  readonly kind: EntityKind
  readonly id: string
  readonly change: EntityChange
}

export type Meaning = RunMeaning | PointsMeaning | EntityMeaning | null

/** Null for what shows nowhere. */
export const meaningOf = (event: Recorded): Meaning =>
  // The record of meanings ties each to the event of its type.
  (meanings[event.type] as (event: Recorded) => Meaning)(event)

const run = (change: RunChange) => (): RunMeaning => ({ topic: "runs", change })
const changed = run("changed")

const entity =
  (kind: EntityKind, change: EntityChange) =>
  ({ data }: { readonly data: { readonly id: string } }): EntityMeaning => ({ topic: "entities", kind, id: data.id, change })

const tagging = ({ data }: { readonly data: { readonly tagId: string } }): RunMeaning => ({
  topic: "runs",
  change: "changed",
  of: { kind: "tag", id: data.tagId },
})

const points = (name: string, count: number): PointsMeaning => ({ topic: "points", name, contextId: 0, context: null, count })

/** Purged and freed ids belong to runs that show nowhere already. */
const nothing = () => null

const meanings: { readonly [T in EventType]: (event: Recorded<T>) => Meaning } = {
  RunCreated: run("created"),
  RunRenamed: changed,
  RunDescribed: changed,
  RunExperimentSet: ({ data: { experimentId: id } }) =>
    id === null ? changed() : { topic: "runs", change: "changed", of: { kind: "experiment", id } },
  RunTagged: tagging,
  RunUntagged: tagging,
  RunArchived: changed,
  RunUnarchived: changed,
  RunFinished: changed,
  RunReopened: changed,
  AttributesSet: changed,
  ArtifactLogged: changed,
  RunDeleted: run("deleted"),
  RunRestored: run("restored"),
  RunRewound: run("rewound"),
  RunPurged: nothing,
  TombstoneLifted: nothing,
  BlobsOrphaned: nothing,
  BlobsPurged: nothing,
  PointsLogged: ({ data: { name, contextId, context, values } }) => ({
    topic: "points",
    name,
    contextId,
    context,
    count: values.length,
  }),
  ObjectLogged: ({ data: { name, contextId, context } }) => ({ topic: "points", name, contextId, context, count: 1 }),
  TerminalLinesLogged: ({ data }) => points(linesName, data.lines.length),
  LogRecordsLogged: ({ data }) => points(recordsName, data.records.length),
  ExperimentCreated: entity("experiment", "created"),
  ExperimentRenamed: entity("experiment", "changed"),
  ExperimentDescribed: entity("experiment", "changed"),
  ExperimentArchived: entity("experiment", "changed"),
  ExperimentDeleted: entity("experiment", "deleted"),
  TagCreated: entity("tag", "created"),
  TagRenamed: entity("tag", "changed"),
  TagRecolored: entity("tag", "changed"),
  TagDescribed: entity("tag", "changed"),
  TagArchived: entity("tag", "changed"),
  TagDeleted: entity("tag", "deleted"),
  NoteCreated: entity("note", "created"),
  NoteEdited: entity("note", "changed"),
  NoteDeleted: entity("note", "deleted"),
  DashboardCreated: entity("dashboard", "created"),
  DashboardEdited: entity("dashboard", "changed"),
  DashboardDeleted: entity("dashboard", "deleted"),
  AppCreated: entity("app", "created"),
  AppEdited: entity("app", "changed"),
  AppDeleted: entity("app", "deleted"),
  ReportCreated: entity("report", "created"),
  ReportEdited: entity("report", "changed"),
  ReportDeleted: entity("report", "deleted"),
  DeadLetterDiscarded: nothing,
  SequencesPinned: () => ({ topic: "entities", kind: "pinned", id: "sequences", change: "changed" }),
}
