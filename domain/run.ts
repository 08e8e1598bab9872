/** Commands about runs. Control routes create no run: an unknown id is refused, and in a batch passed over. */
import { type AnyFact, catalog } from "../events/index.ts"
import type { RunCommand } from "./commands.ts"
import { newNameProblem, refuse, textProblem, unlessInvalid, type Decision } from "./refusals.ts"

/** What is known of the runs that a command names. */
export interface RunsState {
  /** Of these, the ones that are there and not deleted. */
  readonly existing: ReadonlySet<string>
  /** Of these, the deleted ones. */
  readonly tombstoned: ReadonlySet<string>
  /** Of the deleted ones, those whose data still stands. */
  readonly restorable: ReadonlySet<string>
  /** The id that the spoken name (of an experiment or a tag) stands for; empty where none was spoken. */
  readonly boundId: string
  /** Whether the run bears the tag that the command names. */
  readonly isTagged: boolean
}

type Only<Tag extends RunCommand["_tag"]> = Extract<RunCommand, { readonly _tag: Tag }>

export const decideRun = (command: RunCommand, state: RunsState): Decision => {
  switch (command._tag) {
    case "DeleteRuns":
      return { facts: existing(command.runIds, state).map((runId) => catalog.RunDeleted({ runId })) }
    case "FinishRuns":
      return { facts: existing(command.runIds, state).map((runId) => catalog.RunFinished({ runId, finishedAt: null })) }
    case "ArchiveRuns":
      return { facts: existing(command.runIds, state).map((runId) => archived(runId, command.archived)) }
    case "LiftTombstone":
      return { facts: state.tombstoned.has(command.runId) ? [catalog.TombstoneLifted({ runId: command.runId })] : [] }
    case "RestoreRun":
      return restored(command.runId, state)
    case "RestoreRuns":
      return {
        facts: [...new Set(command.runIds)]
          .filter((id) => state.restorable.has(id))
          .map((runId) => catalog.RunRestored({ runId })),
      }
    default:
      return state.existing.has(command.runId) ? decideOne(command, state) : refuse({ _tag: "RunNotFound", id: command.runId })
  }
}

/** There is nothing to do for a run that is not deleted. */
const restored = (runId: string, { existing, tombstoned, restorable }: RunsState): Decision => {
  if (restorable.has(runId)) return { facts: [catalog.RunRestored({ runId })] }
  if (existing.has(runId)) return { facts: [] }
  return refuse({ _tag: tombstoned.has(runId) ? "RunPurged" : "RunNotFound", id: runId })
}

const decideOne = (
  command: Only<"UpdateRun" | "DeleteRun" | "TagRun" | "UntagRun" | "RewindRun">,
  state: RunsState,
): Decision => {
  const { runId } = command
  switch (command._tag) {
    case "UpdateRun":
      return unlessInvalid(
        [
          textProblem("name", command.name, mostNameBytes),
          textProblem("description", command.description),
          newNameProblem("experiment", command.experiment === "" ? null : command.experiment),
        ],
        () => updated(command, state.boundId),
      )
    case "DeleteRun":
      return { facts: [catalog.RunDeleted({ runId })] }
    case "RewindRun":
      return unlessInvalid([stepProblem(command.step)], () => [catalog.RunRewound({ runId, step: command.step })])
    case "TagRun":
      return unlessInvalid([newNameProblem("tag_name", command.name)], () => [
        catalog.RunTagged({ runId, tagId: state.boundId, name: command.name }),
      ])
    case "UntagRun":
      return state.isTagged
        ? { facts: [catalog.RunUntagged({ runId, tagId: command.tagId })] }
        : refuse({ _tag: "TagNotFound", id: command.tagId })
  }
}

const stepProblem = (step: number): string | null =>
  Number.isSafeInteger(step) && step >= -1 ? null : "step is no integer from -1 on"

/** A run's name is no key, so it may be longer than what is looked up by name; this is what a client may send. */
const mostNameBytes = 512

const updated = (command: Only<"UpdateRun">, experimentId: string): readonly AnyFact[] => {
  const { runId, name, description, experiment, active } = command
  const facts: AnyFact[] = []
  if (name !== null) facts.push(catalog.RunRenamed({ runId, name }))
  if (description !== null) facts.push(catalog.RunDescribed({ runId, description }))
  if (command.archived !== null) facts.push(archived(runId, command.archived))
  if (experiment === "") facts.push(catalog.RunExperimentSet({ runId, experimentId: null, name: null }))
  else if (experiment !== null) facts.push(catalog.RunExperimentSet({ runId, experimentId, name: experiment }))
  if (active !== null) facts.push(active ? catalog.RunReopened({ runId }) : catalog.RunFinished({ runId, finishedAt: null }))
  return facts
}

const archived = (runId: string, isArchived: boolean): AnyFact =>
  isArchived ? catalog.RunArchived({ runId }) : catalog.RunUnarchived({ runId })

/** Each once, in the order of the command. */
const existing = (runIds: readonly string[], state: RunsState): readonly string[] =>
  [...new Set(runIds)].filter((id) => state.existing.has(id))
