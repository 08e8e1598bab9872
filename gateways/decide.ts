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
import { decideDeadLetter, type LetterState } from "../domain/dead-letter.ts"
import { decideDashboard } from "../domain/dashboard.ts"
import { decideExperiment, type NamedState } from "../domain/experiment.ts"
import type { NameKind } from "../domain/names.ts"
import { decideNote, type NoteState } from "../domain/note.ts"
import { decideProject } from "../domain/project.ts"
import { type Decision, newNameProblem, type Refusal } from "../domain/refusals.ts"
import { decideReport } from "../domain/report.ts"
import { decideRun, type RunsState } from "../domain/run.ts"
import { decideTag } from "../domain/tag.ts"
import type { Position } from "../events/index.ts"
import { deadLetterAt } from "../projections/dead-letters.ts"
import { idByName, nameOf } from "../projections/entities.ts"
import { entityById, isArchived, noteOn, type Table } from "../projections/entity-view.ts"
import { checkpointOf } from "../projections/fold.ts"
import { lossOf } from "../projections/lost-races.ts"
import type { Rows } from "../projections/rows.ts"
import { existingRuns, isRestorable, isRun, isTombstoned } from "../projections/run-presence.ts"

export interface SpokenNames {
  /** The id that a name stands for now, as the log tells it. */
  readonly bind: (kind: NameKind, name: string) => string
  /** The id of the entity that was given the name, as the log tells it. */
  readonly bearer: (kind: NameKind, name: string) => string | undefined
  /** The offset after the last control event that these names know of. */
  readonly next: () => number
  /** Whether a name is given away already, though the rows do not show it. */
  readonly isGiven: (rows: Rows, kind: NameKind, name: string) => Promise<boolean>
}

/** The names are behind what the projections show: they must first know of the control events before this offset. */
export interface Behind {
  readonly behind: number
}

/** Reads what the command is decided on, and decides. The names may be ahead of the rows: what they know will be shown. */
export const decide = async (rows: Rows, command: Command, names: SpokenNames): Promise<Decision | Behind> => {
  const shown = await checkpointOf(rows, namesPartition)
  if (names.next() < shown && speaks(command)) return { behind: shown }
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
    case "DiscardDeadLetter":
      return decideDeadLetter(command, await letterState(rows, command.position))
    default:
      return decideRun(command, await runsState(rows, command, names))
  }
}

/**
 * Whether the command is about a run that the projections do not show, not even as a deleted one, or a tag that they do not
 * show on it: what has just been logged through another gateway may stand in the log and not be folded yet.
 */
export const isAboutUnseen = async (rows: Rows, command: Command): Promise<boolean> => {
  for (const id of runsOf(command)) if (!(await isRun(rows, id)) && !(await isTombstoned(rows, id))) return true
  return command._tag === "UntagRun" && !(await isTagged(rows, command))
}

const runsOf = (command: Command): readonly string[] => {
  if ("runIds" in command) return command.runIds
  if ("runId" in command) return [command.runId]
  return command._tag === "CreateNote" && command.owner.kind === "run" ? [command.owner.id] : []
}

/** Who stated the events of a command: by this the projections tell what became of them. */
export interface StatedBy {
  readonly writer: string
  readonly seq: number
}

/**
 * What became of a folded command that others overtook on the way into the log: its refusal, or "stale" where it is to be
 * decided again on the names as they are now; null where it holds. A command that is lost has left nothing.
 */
export const lostRace = async (rows: Rows, command: Command, by: StatedBy): Promise<Refusal | "stale" | null> => {
  const loss = await lossOf(rows, by)
  if (loss === "stale") return "stale"
  switch (command._tag) {
    case "UpdateRun":
    case "TagRun":
    case "UntagRun":
    case "RewindRun":
      return (await isRun(rows, command.runId)) ? null : { _tag: "RunNotFound", id: command.runId }
    case "RestoreRun":
      // The purge came into the log before it.
      return (await isTombstoned(rows, command.runId)) && !(await isRestorable(rows, command.runId))
        ? { _tag: "RunPurged", id: command.runId }
        : null
    case "CreateExperiment":
    case "UpdateExperiment":
    case "CreateTag":
    case "UpdateTag":
      return loss === undefined ? null : refusalOf(command, loss)
    // Pages tell so by themselves when they are read again; what is deleted twice is gone.
    default:
      return null
  }
}

const refusalOf = (command: ExperimentCommand | TagCommand, loss: "taken" | "gone"): Refusal => {
  const kind = command._tag.endsWith("Tag") ? "tag" : "experiment"
  if (loss === "taken" && "name" in command) return { _tag: "NameTaken", kind, name: command.name ?? "" }
  return { _tag: kind === "tag" ? "TagNotFound" : "ExperimentNotFound", id: "id" in command ? command.id : "" }
}

const runsState = async (rows: Rows, command: RunCommand, names: SpokenNames): Promise<RunsState> => {
  const ids = runsOf(command)
  const asksDeleted = command._tag === "LiftTombstone" || command._tag.startsWith("Restore")
  return {
    existing: await existingRuns(rows, ids),
    tombstoned: asksDeleted ? await having(ids, (id) => isTombstoned(rows, id)) : none,
    restorable: asksDeleted ? await having(ids, (id) => isRestorable(rows, id)) : none,
    boundId: idSpoken(command, names),
    isTagged: command._tag === "UntagRun" && (await isTagged(rows, command)),
  }
}

const isTagged = (rows: Rows, { runId, tagId }: { readonly runId: string; readonly tagId: string }): Promise<boolean> =>
  rows.has("system", ["run_tags", runId, tagId])

const none: ReadonlySet<string> = new Set()

const having = async (ids: readonly string[], has: (id: string) => Promise<boolean>): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for (const id of ids) if (await has(id)) found.add(id)
  return found
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

/** Whether the names have a say in the decision: one is bound, or given. */
const speaks = (command: Command): boolean => bindingOf(command) !== null || ("name" in command && isOfNamed(command))

const isOfNamed = ({ _tag }: Command): boolean => _tag === "UpdateExperiment" || _tag === "UpdateTag"

/** The one partition in which names are given. */
const namesPartition = { topic: "control-events", partition: 0 } as const

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
  return {
    name: id === null ? undefined : await nameOf(rows, kind, id),
    isTaken: spoken !== null && (await isTaken(rows, kind, spoken, id, names)),
    boundId: idSpoken(command, names),
  }
}

/** Whether another than `id` bears the name, or will when the rows show what is in the log. */
const isTaken = async (rows: Rows, kind: NameKind, name: string, id: string | null, names: SpokenNames): Promise<boolean> => {
  const bearers = [await idByName(rows, kind, name), names.bearer(kind, name)]
  return bearers.some((bearer) => bearer !== undefined && bearer !== id) || (await names.isGiven(rows, kind, name))
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

const letterState = async (rows: Rows, position: Position): Promise<LetterState> => {
  const found = await deadLetterAt(rows, position)
  if (found === undefined) return "none"
  return found.discarded === null ? "pending" : "discarded"
}
