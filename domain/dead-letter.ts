/** Commands about events that no projection could hold. */
import { catalog } from "../events/index.ts"
import type { DeadLetterCommand } from "./commands.ts"
import { positionName } from "./positions.ts"
import { type Decision, refuse, textProblem, unlessInvalid } from "./refusals.ts"

/** Whether there is a dead letter at the position, and one that is not discarded yet. */
export type LetterState = "none" | "pending" | "discarded"

export const decideDeadLetter = ({ position, reason }: DeadLetterCommand, state: LetterState): Decision => {
  if (state === "none") return refuse({ _tag: "DeadLetterNotFound", id: positionName(position) })
  if (state === "discarded") return { facts: [] }
  return unlessInvalid([textProblem("reason", reason)], () => [catalog.DeadLetterDiscarded({ ...position, reason })])
}
