/** What control events are about. */
import type { EventType, Recorded } from "../events/index.ts"

/** A run, or an entity of the project; `kind` as in addresses, in the singular. */
export interface Subject {
  readonly kind: SubjectKind
  readonly id: string
}

export const subjectKinds = ["run", "experiment", "tag", "note", "dashboard", "app", "report", "project"] as const
export type SubjectKind = (typeof subjectKinds)[number]

/** The one project has no id of its own. */
export const theProject: Subject = { kind: "project", id: "project" }

const of =
  (kind: SubjectKind) =>
  ({ data }: { readonly data: { readonly id: string } }): readonly Subject[] => [{ kind, id: data.id }]

const ofRun = ({ data }: { readonly data: { readonly runId: string } }): readonly Subject[] => [{ kind: "run", id: data.runId }]

const naming = {
  ExperimentCreated: of("experiment"),
  ExperimentRenamed: of("experiment"),
  ExperimentDescribed: of("experiment"),
  ExperimentArchived: of("experiment"),
  ExperimentDeleted: of("experiment"),
  TagCreated: of("tag"),
  TagRenamed: of("tag"),
  TagRecolored: of("tag"),
  TagDescribed: of("tag"),
  TagArchived: of("tag"),
  TagDeleted: of("tag"),
  // A note is part of the history of what it is on as well.
  NoteCreated: ({ data: { id, runId, experimentId } }) => [
    { kind: "note", id },
    ...(runId === null ? [] : [{ kind: "run" as const, id: runId }]),
    ...(experimentId === null ? [] : [{ kind: "experiment" as const, id: experimentId }]),
  ],
  NoteEdited: of("note"),
  NoteDeleted: of("note"),
  DashboardCreated: of("dashboard"),
  DashboardEdited: of("dashboard"),
  DashboardDeleted: of("dashboard"),
  AppCreated: of("app"),
  AppEdited: of("app"),
  AppDeleted: of("app"),
  ReportCreated: of("report"),
  ReportEdited: of("report"),
  ReportDeleted: of("report"),
  SequencesPinned: () => [theProject],
  BlobsOrphaned: ofRun,
  BlobsPurged: ofRun,
  DeadLetterDiscarded: () => [theProject],
} satisfies { readonly [T in EventType]?: (event: Recorded<T>) => readonly Subject[] }

/** Whom a control event names; nobody for the events of runs, which are known by their keys. */
export const namedBy = (event: Recorded): readonly Subject[] => {
  const named: { readonly [type: string]: ((event: never) => readonly Subject[]) | undefined } = naming
  // The record ties each function to the events of its key.
  return named[event.type]?.(event as never) ?? []
}
