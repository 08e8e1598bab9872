/** Commands about reports. */
import { catalog } from "../events/index.ts"
import type { ExistingState } from "./app.ts"
import type { ReportCommand } from "./commands.ts"
import { defaultIngestLimits } from "./limits.ts"
import { type Decision, refuse, textProblem, unlessInvalid } from "./refusals.ts"

export const decideReport = (command: ReportCommand, { exists }: ExistingState): Decision => {
  const { id } = command
  if (command._tag !== "CreateReport" && !exists) return refuse({ _tag: "ReportNotFound", id })
  if (command._tag === "DeleteReport") return { facts: [catalog.ReportDeleted({ id })] }
  const problems = [
    textProblem("name", command.name),
    textProblem("code", command.code, defaultIngestLimits.valueBytes),
    textProblem("description", command.description),
  ]
  return unlessInvalid(problems, () =>
    command._tag === "CreateReport"
      ? [catalog.ReportCreated({ id, name: command.name, code: command.code, description: command.description })]
      : [catalog.ReportEdited({ id, name: command.name, code: command.code, description: command.description })],
  )
}
