/** The facts that make an entity of an archive of format 1, where it is not there yet. */
import { encodeValue } from "../../domain/msgpack.ts"
import type { NameBook, NameKind } from "../../domain/names.ts"
import { type AnyFact, catalog } from "../../events/index.ts"
import type { Table } from "../../projections/entity-view.ts"
import { type EntityKind, type EntityLine, isArchivedLine, textIn, textOrNull } from "./entity-lines.ts"

/** Where entities that keep their ids stand; experiments and tags are known by their names. */
export const tableOf: Readonly<Record<Exclude<EntityKind, NameKind>, Table>> = {
  dashboard: "dashboards",
  dashboard_app: "dashboard_apps",
  report: "reports",
  note: "notes",
}

/** Nothing where it has no name. */
export const namedFacts = (line: EntityLine, kind: NameKind, book: NameBook): readonly AnyFact[] => {
  const [name, description] = [textIn(line, "name"), textIn(line, "description")]
  if (name === "") return []
  const id = book.bind(kind, name)
  const archived = isArchivedLine(line)
  if (kind === "experiment")
    return [
      catalog.ExperimentCreated({ id, name, description }),
      ...(archived ? [catalog.ExperimentArchived({ id, archived })] : []),
    ]
  return [
    catalog.TagCreated({ id, name, color: textIn(line, "color"), description }),
    ...(archived ? [catalog.TagArchived({ id, archived })] : []),
  ]
}

/** `experimentId` is what an experiment of the archive is here; null where it is not known. A note of nobody is nothing. */
export const pageFacts = (line: EntityLine, experimentId: (id: string) => string | null): readonly AnyFact[] => {
  const { id, data } = line
  const [name, description] = [textIn(line, "name"), textIn(line, "description")]
  switch (line.kind) {
    case "dashboard":
      return [
        catalog.DashboardCreated({ id, name, description, appId: textOrNull(data.get("app_id")) }),
        ...(isArchivedLine(line) ? [catalog.DashboardDeleted({ id })] : []),
      ]
    case "dashboard_app":
      return [catalog.AppCreated({ id, type: textIn(line, "type"), state: encodeValue(data.get("state") ?? null) })]
    case "report":
      return [catalog.ReportCreated({ id, name, code: textIn(line, "code"), description })]
    case "note": {
      const runId = textOrNull(data.get("run_hash")) ?? textOrNull(data.get("run_id"))
      const owner = textOrNull(data.get("experiment_id"))
      const experiment = owner === null ? null : experimentId(owner)
      if (runId === null && experiment === null) return []
      return [
        catalog.NoteCreated({ id, runId, experimentId: runId === null ? experiment : null, content: textIn(line, "content") }),
      ]
    }
    default:
      return []
  }
}
