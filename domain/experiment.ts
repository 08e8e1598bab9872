/** Commands about experiments. */
import { type AnyFact, catalog } from "../events/index.ts"
import type { ExperimentCommand } from "./commands.ts"
import { type Decision, newNameProblem, refuse, textProblem, unlessInvalid } from "./refusals.ts"

/** What is known of an experiment or a tag that a command names. */
export interface NamedState {
  /** Its name now; undefined where there is none of that id. */
  readonly name: string | undefined
  /** Whether another bears the name that the command speaks. */
  readonly isTaken: boolean
  /** The id that the spoken name stands for; empty where none was spoken. */
  readonly boundId: string
}

export const decideExperiment = (command: ExperimentCommand, state: NamedState): Decision => {
  if (command._tag === "CreateExperiment") return created(command.name, state)
  const { name: from } = state
  const { id } = command
  if (from === undefined) return refuse({ _tag: "ExperimentNotFound", id })
  if (command._tag === "DeleteExperiment") return { facts: [catalog.ExperimentDeleted({ id, name: from })] }
  const name = command.name === "" || command.name === from ? null : command.name
  if (name !== null && state.isTaken) return refuse({ _tag: "NameTaken", kind: "experiment", name })
  const { description } = command
  return unlessInvalid([newNameProblem("name", name), textProblem("description", description)], () => {
    const facts: AnyFact[] = []
    if (name !== null) facts.push(catalog.ExperimentRenamed({ id, from, name }))
    if (description !== null) facts.push(catalog.ExperimentDescribed({ id, description }))
    if (command.archived !== null) facts.push(catalog.ExperimentArchived({ id, archived: command.archived }))
    return facts
  })
}

const created = (name: string, { isTaken, boundId: id }: NamedState): Decision =>
  isTaken
    ? refuse({ _tag: "NameTaken", kind: "experiment", name })
    : unlessInvalid([newNameProblem("name", name)], () => [catalog.ExperimentCreated({ id, name, description: "" })])
