/** How a refusal is answered over HTTP. */
import type { Refusal } from "../domain/refusals.ts"

export const statusOf = {
  RunNotFound: 404,
  RunPurged: 410,
  ExperimentNotFound: 404,
  TagNotFound: 404,
  NoteNotFound: 404,
  DashboardNotFound: 404,
  AppNotFound: 404,
  ReportNotFound: 404,
  DeadLetterNotFound: 404,
  NameTaken: 400,
  InvalidInput: 422,
} as const satisfies Record<Refusal["_tag"], number>

/** The refusal in words. */
export const refusalText = (refusal: Refusal): string => {
  if (refusal._tag === "InvalidInput") return refusal.problem
  if (refusal._tag === "RunPurged")
    return `Run ${refusal.id} cannot be restored: the time in the trash is over, and its data is gone`
  if (refusal._tag === "NameTaken")
    return `${refusal.kind === "tag" ? "Tag" : "Experiment"} with name '${refusal.name}' already exists`
  return `${refusal._tag.replace("NotFound", "")} ${refusal.id} not found`
}
