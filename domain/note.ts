/** Commands about notes on runs and experiments. */
import { catalog } from "../events/index.ts"
import type { NoteCommand, NoteOwner } from "./commands.ts"
import { type Decision, refuse, textProblem, unlessInvalid } from "./refusals.ts"

export interface NoteState {
  /** Whether the run or experiment is there. */
  readonly hasOwner: boolean
  /** Whether the note is there, and on that owner. */
  readonly exists: boolean
}

export const decideNote = (command: NoteCommand, state: NoteState): Decision => {
  const { id, owner } = command
  if (command._tag === "CreateNote") {
    if (!state.hasOwner) return refuse(ownerNotFound(owner))
    const { content } = command
    return unlessInvalid([textProblem("content", content)], () => [
      catalog.NoteCreated({
        id,
        runId: owner.kind === "run" ? owner.id : null,
        experimentId: owner.kind === "experiment" ? owner.id : null,
        content,
      }),
    ])
  }
  if (!state.exists) return refuse({ _tag: "NoteNotFound", id })
  if (command._tag === "DeleteNote") return { facts: [catalog.NoteDeleted({ id })] }
  const { content } = command
  return unlessInvalid([textProblem("content", content)], () => [catalog.NoteEdited({ id, content })])
}

const ownerNotFound = ({ kind, id }: NoteOwner) =>
  kind === "run" ? ({ _tag: "RunNotFound", id } as const) : ({ _tag: "ExperimentNotFound", id } as const)
