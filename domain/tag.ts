/** Commands about tags. */
import { type AnyFact, catalog } from "../events/index.ts"
import type { TagCommand } from "./commands.ts"
import type { NamedState } from "./experiment.ts"
import { type Decision, newNameProblem, refuse, textProblem, unlessInvalid } from "./refusals.ts"

export const decideTag = (command: TagCommand, state: NamedState): Decision => {
  if (command._tag === "CreateTag") return created(command, state)
  const { name: from } = state
  const { id } = command
  if (from === undefined) return refuse({ _tag: "TagNotFound", id })
  if (command._tag === "DeleteTag") return { facts: [catalog.TagDeleted({ id, name: from })] }
  const name = command.name === "" || command.name === from ? null : command.name
  if (name !== null && state.isTaken) return refuse({ _tag: "NameTaken", kind: "tag", name })
  const { color, description } = command
  const problems = [
    newNameProblem("name", name),
    textProblem("color", color, mostColorBytes),
    textProblem("description", description),
  ]
  return unlessInvalid(problems, () => {
    const facts: AnyFact[] = []
    if (name !== null) facts.push(catalog.TagRenamed({ id, from, name }))
    if (color !== null) facts.push(catalog.TagRecolored({ id, color }))
    if (description !== null) facts.push(catalog.TagDescribed({ id, description }))
    if (command.archived !== null) facts.push(catalog.TagArchived({ id, archived: command.archived }))
    return facts
  })
}

/** Any CSS colour is far shorter. */
const mostColorBytes = 256

const created = (
  { name, color, description }: Extract<TagCommand, { readonly _tag: "CreateTag" }>,
  { isTaken, boundId: id }: NamedState,
): Decision =>
  isTaken
    ? refuse({ _tag: "NameTaken", kind: "tag", name })
    : unlessInvalid(
        [newNameProblem("name", name), textProblem("color", color, mostColorBytes), textProblem("description", description)],
        () => [catalog.TagCreated({ id, name, color, description })],
      )
