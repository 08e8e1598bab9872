/** What an archive of format 1 holds beside the runs: experiments, tags, dashboards, explorer states, reports and notes. */
import { parseJson } from "../../domain/json.ts"
import { microsOf } from "../../domain/time.ts"
import { isMap, type Value, type ValueMap } from "../../domain/value.ts"
import { type Archive, linesOf } from "./archive.ts"
import { ArchiveUnsound } from "./unsound.ts"

export const entityKinds = ["experiment", "tag", "dashboard", "dashboard_app", "report", "note"] as const
export type EntityKind = (typeof entityKinds)[number]

export interface EntityLine {
  /** The line it stands on, from 1 on. */
  readonly number: number
  readonly kind: EntityKind
  readonly id: string
  readonly data: ValueMap
}

/** Throws {@link ArchiveUnsound} at the first line that is no entity. */
export async function* entityLines(archive: Archive): AsyncGenerator<EntityLine> {
  if (!archive.files.has(path)) return
  for await (const { number, text } of linesOf(archive, path)) {
    if (text.trim() === "") continue
    const parsed = parseJson(text)
    const line = "value" in parsed && isMap(parsed.value) ? parsed.value : undefined
    const kind = entityKinds.find((one) => one === line?.get("entity_type"))
    const data = line?.get("data")
    const id = isMap(data) ? data.get("id") : undefined
    if (kind === undefined || !isMap(data) || typeof id !== "string" || id === "") {
      const why = "error" in parsed ? parsed.error : "it is no entity of a known type with an id"
      throw new ArchiveUnsound({ message: `${archive.name}: ${path}, line ${number}: ${why}` })
    }
    yield { number, kind, id, data }
  }
}

const path = "entities.jsonl"

export const textIn = ({ data }: EntityLine, field: string): string => textOrNull(data.get(field)) ?? ""
export const textOrNull = (value: Value | undefined): string | null => (typeof value === "string" ? value : null)

/** Archived, in the words of the reference or of its client. */
export const isArchivedLine = ({ data }: EntityLine): boolean => data.get("is_archived") === true || data.get("archived") === true

/** When it was made, in Unix seconds. */
export const madeAt = ({ data }: EntityLine, fallback: number): number => {
  const micros = microsOf(data.get("created_at") ?? data.get("creation_time"))
  return Number.isNaN(micros) ? fallback : micros / 1e6
}
