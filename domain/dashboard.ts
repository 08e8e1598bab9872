/** Commands about dashboards. */
import { catalog } from "../events/index.ts"
import type { DashboardCommand } from "./commands.ts"
import { type Decision, refuse, textProblem, unlessInvalid } from "./refusals.ts"

export interface DashboardState {
  readonly exists: boolean
  /** Deleted dashboards stay, archived. */
  readonly isArchived: boolean
}

export const decideDashboard = (command: DashboardCommand, state: DashboardState): Decision => {
  const { id } = command
  if (command._tag === "CreateDashboard") {
    const { name, description, appId } = command
    const problems = [textProblem("name", name), textProblem("description", description), textProblem("app_id", appId)]
    return unlessInvalid(problems, () => [catalog.DashboardCreated({ id, name, description, appId })])
  }
  if (!state.exists) return refuse({ _tag: "DashboardNotFound", id })
  if (command._tag === "DeleteDashboard") return { facts: state.isArchived ? [] : [catalog.DashboardDeleted({ id })] }
  const { name, description } = command
  return unlessInvalid([textProblem("name", name), textProblem("description", description)], () => [
    catalog.DashboardEdited({ id, name, description }),
  ])
}
