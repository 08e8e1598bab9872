/** Each command is decided on the state that the projections show. */
import type {
  AppCommand,
  Command,
  DashboardCommand,
  ExperimentCommand,
  NoteCommand,
  ReportCommand,
  RunCommand,
  TagCommand,
} from "../domain/commands.ts"
import { decideApp } from "../domain/app.ts"
import { decideDashboard } from "../domain/dashboard.ts"
import { decideExperiment, type NamedState } from "../domain/experiment.ts"
import type { NameKind } from "../domain/names.ts"
import { decideNote, type NoteState } from "../domain/note.ts"
import { decideProject } from "../domain/project.ts"
import { type Decision, newNameProblem, type Refusal } from "../domain/refusals.ts"
import { decideReport } from "../domain/report.ts"
import { decideRun, type RunsState } from "../domain/run.ts"
import { decideTag } from "../domain/tag.ts"
import type { AnyFact } from "../events/index.ts"
import { idByName, isDeleted, nameOf } from "../projections/entities.ts"
import { entityById, isArchived, noteOn, type Table } from "../projections/entity-view.ts"
import type { Rows } from "../projections/rows.ts"
import { existingRuns, isRun, isTombstoned } from "../projections/run-presence.ts"

export interface SpokenNames {
  /** The id that a name stands for now, as the log tells it. */
  readonly bind: (kind: NameKind, name: string) => string
  /** Whether a name is given away already, though the rows do not show it. */
  readonly isGiven: (rows: Rows, kind: NameKind, name: string) => Promise<boolean>
}

/** The names read from the log and those in the projections tell different stories: one of them is behind. */
export interface Behind {
  readonly behind: NameKind
}

/** Reads what the command is decided on, and decides. */
export const decide = async (rows: Rows, command: Command, names: SpokenNames): Promise<Decision | Behind> => {
  const spoken = spokenBy(command)
  if (spoken !== null && !(await agree(rows, spoken, names))) return { behind: spoken.kind }
  switch (command._tag) {
    case "CreateExperiment":
    case "UpdateExperiment":
    case "DeleteExperiment":
      return decideExperiment(command, await namedState(rows, "experiment", command, names))
    case "CreateTag":
    case "UpdateTag":
    case "DeleteTag":
      return decideTag(command, await namedState(rows, "tag", command, names))
    case "CreateNote":
    case "EditNote":
    case "DeleteNote":
      return decideNote(command, await noteState(rows, command))
    case "CreateDashboard":
    case "EditDashboard":
    case "DeleteDashboard":
      return decideDashboard(command, await dashboardState(rows, command))
    case "CreateApp":
    case "EditApp":
    case "DeleteApp":
      return decideApp(command, await existingState(rows, "dashboard_apps", command))
    case "CreateReport":
    case "EditReport":
    case "DeleteReport":
      return decideReport(command, await existingState(rows, "reports", command))
    case "PinSequences":
      return decideProject(command)
    default:
      return decideRun(command, await runsState(rows, command, names))
  }
}

/** The refusal of a command whose events others overtook on the way into the log; null where it holds. */
export const lostRace = async (rows: Rows, command: Command, facts: readonly AnyFact[]): Promise<Refusal | null> => {
  const gone = await goneNow(rows, command)
  if (gone !== null) return gone
  for (const { type, data } of facts) {
    if (type !== "ExperimentRenamed" && type !== "TagRenamed") continue
    const kind = type === "TagRenamed" ? "tag" : "experiment"
    const bearer = await idByName(rows, kind, data.name)
    if (bearer !== undefined && bearer !== data.id) return { _tag: "NameTaken", kind, name: data.name }
  }
  return null
}

/** What the command changed may have been deleted just before it. Pages tell so by themselves when they are read again. */
const goneNow = async (rows: Rows, command: Command): Promise<Refusal | null> => {
  switch (command._tag) {
    case "UpdateRun":
    case "TagRun":
    case "UntagRun":
      return (await isRun(rows, command.runId)) ? null : { _tag: "RunNotFound", id: command.runId }
    case "UpdateExperiment":
      return (await isDeleted(rows, "experiment", command.id)) ? { _tag: "ExperimentNotFound", id: command.id } : null
    case "UpdateTag":
      return (await isDeleted(rows, "tag", command.id)) ? { _tag: "TagNotFound", id: command.id } : null
    default:
      return null
  }
}

const runsState = async (rows: Rows, command: RunCommand, names: SpokenNames): Promise<RunsState> => {
  const ids = "runIds" in command ? command.runIds : [command.runId]
  const lifts = command._tag === "LiftTombstone" && (await isTombstoned(rows, command.runId))
  return {
    existing: await existingRuns(rows, ids),
    tombstoned: new Set(lifts ? ids : []),
    boundId: idSpoken(command, names),
    isTagged: command._tag === "UntagRun" && (await rows.has("system", ["run_tags", command.runId, command.tagId])),
  }
}

interface Spoken {
  readonly kind: NameKind
  readonly name: string
}

/** The name that the command has bound to an id, if it speaks one that may be a name. */
const spokenBy = (command: Command): Spoken | null => {
  const spoken = bindingOf(command)
  return spoken === null || newNameProblem("name", spoken.name) !== null ? null : spoken
}

const bindingOf = (command: Command): Spoken | null => {
  if (command._tag === "CreateExperiment") return { kind: "experiment", name: command.name }
  if (command._tag === "CreateTag" || command._tag === "TagRun") return { kind: "tag", name: command.name }
  return command._tag === "UpdateRun" && command.experiment !== null ? { kind: "experiment", name: command.experiment } : null
}

/** Whether the id of a name is nobody's yet, or bears that name. */
const agree = async (rows: Rows, { kind, name }: Spoken, names: SpokenNames): Promise<boolean> => {
  const id = names.bind(kind, name)
  const borne = await nameOf(rows, kind, id)
  return borne === undefined ? !(await isDeleted(rows, kind, id)) : borne === name
}

const idSpoken = (command: Command, names: SpokenNames): string => {
  const spoken = spokenBy(command)
  return spoken === null ? "" : names.bind(spoken.kind, spoken.name)
}

const namedState = async (
  rows: Rows,
  kind: NameKind,
  command: ExperimentCommand | TagCommand,
  names: SpokenNames,
): Promise<NamedState> => {
  const id = "id" in command ? command.id : null
  // A name too long to be kept is too long to be looked up; the decider says so.
  const spoken = "name" in command && newNameProblem("name", command.name) === null ? command.name : null
  const bearer = spoken === null ? undefined : await idByName(rows, kind, spoken)
  return {
    name: id === null ? undefined : await nameOf(rows, kind, id),
    isTaken: spoken !== null && ((bearer !== undefined && bearer !== id) || (await names.isGiven(rows, kind, spoken))),
    boundId: idSpoken(command, names),
  }
}

const noteState = async (rows: Rows, { _tag, id, owner }: NoteCommand): Promise<NoteState> => ({
  hasOwner:
    _tag === "CreateNote" &&
    (owner.kind === "run" ? await isRun(rows, owner.id) : (await nameOf(rows, "experiment", owner.id)) !== undefined),
  exists: _tag !== "CreateNote" && (await noteOn(rows, owner.id, id)) !== undefined,
})

const dashboardState = async (rows: Rows, { id }: DashboardCommand) => {
  const found = await entityById(rows, "dashboards", id)
  return { exists: found !== undefined, isArchived: found !== undefined && isArchived(found) }
}

const existingState = async (rows: Rows, table: Table, { id }: AppCommand | ReportCommand) => ({
  exists: (await entityById(rows, table, id)) !== undefined,
})
