/** The recorded inputs as the facts that our gateways state for them; ids are those that the reference drew. */
import { contextId } from "../../../domain/context.ts"
import { encodeValue } from "../../../domain/msgpack.ts"
import { float, type Value, type ValueMap } from "../../../domain/value.ts"
import type { AnyFact } from "../../../events/index.ts"

export interface Step {
  readonly n: number
  readonly kind: "ingest" | "rest" | "worker"
  readonly clock: number
  readonly message?: { readonly type: string; readonly run_id: string; readonly payload: Json }
  readonly method?: string
  readonly path?: string
  readonly body?: Json | readonly string[] | null
  readonly response?: Json | null
}

// The recorded inputs are JSON of many shapes; each is read where it is used.
type Json = { readonly [key: string]: never }

const experimentOf: Readonly<Record<string, string>> = {
  exp1: "00000000-0000-4000-8000-000000000001",
  "exp2 renamed": "00000000-0000-4000-8000-b00000000003",
}
const tagOf: Readonly<Record<string, string>> = {
  prod: "00000000-0000-4000-8000-000000000002",
  gold: "00000000-0000-4000-8000-b00000000001",
  fresh: "00000000-0000-4000-8000-b00000000002",
}

export const stepToFacts = (step: Step): readonly AnyFact[] => {
  if (step.kind === "worker") return []
  return step.kind === "ingest" ? ingested(step) : requested(step)
}

const ingested = ({ message, clock }: Step): readonly AnyFact[] => {
  const { type, run_id: runId, payload: p } = message!
  switch (type) {
    case "create_run":
      return [{ type: "RunCreated", data: { runId, clientStart: Date.parse(p["client_datetime"]!) / 1000 } }]
    case "set_run_property":
      return properties(runId, p)
    case "log_hparams":
      return [{ type: "AttributesSet", data: { runId, ...descend(p["value"]!) } }]
    case "add_tag":
      return [{ type: "RunTagged", data: { runId, tagId: tagOf[p["tag_name"]!]!, name: p["tag_name"]! } }]
    case "log_metric":
      return [
        {
          type: "PointsLogged",
          data: {
            ...sequence(runId, p),
            dtype: p["dtype"]!,
            values: [p["value"]!],
            steps: p["step"] === null ? [] : [p["step"]!],
            epochs: p["epoch"] === null ? [] : [p["epoch"]!],
            firstTime: clock * 1e6,
            timeOffsets: [0],
          },
        },
      ]
    case "log_custom_object":
      return [
        {
          type: "ObjectLogged",
          data: {
            ...sequence(runId, p),
            dtype: p["dtype"]!,
            step: p["step"]!,
            epoch: p["epoch"]!,
            value: encodeValue(toValue(p["value"]!)),
          },
        },
      ]
    case "log_terminal_line":
      return [{ type: "TerminalLinesLogged", data: { runId, steps: [p["step"]!], lines: [p["line"]!] } }]
    case "log_record":
      return [{ type: "LogRecordsLogged", data: { runId, records: [record(p)] } }]
    case "blob_ref":
      return [
        {
          type: "ArtifactLogged",
          data: { runId, path: p["artifact_path"]!, key: p["s3_key"]!, contentType: p["content_type"]! },
        },
      ]
    case "finish_run":
      return [{ type: "RunFinished", data: { runId, finishedAt: null } }]
    default:
      throw new Error(`a recorded message of an unknown type: ${type}`)
  }
}

const properties = (runId: string, p: Json): readonly AnyFact[] => [
  ...(p["name"] === undefined ? [] : [{ type: "RunRenamed" as const, data: { runId, name: p["name"] as string } }]),
  ...(p["description"] === undefined
    ? []
    : [{ type: "RunDescribed" as const, data: { runId, description: p["description"] as string } }]),
  ...(p["archived"] === undefined
    ? []
    : [{ type: p["archived"] ? ("RunArchived" as const) : ("RunUnarchived" as const), data: { runId } }]),
  ...(p["experiment"] === undefined
    ? []
    : [
        {
          type: "RunExperimentSet" as const,
          data: { runId, experimentId: experimentOf[p["experiment"]]!, name: p["experiment"] as string },
        },
      ]),
  ...(p["active"] === undefined
    ? []
    : [
        p["active"]
          ? { type: "RunReopened" as const, data: { runId } }
          : { type: "RunFinished" as const, data: { runId, finishedAt: null } },
      ]),
]

const requested = (step: Step): readonly AnyFact[] => {
  const parts = step
    .path!.split("?")[0]!
    .split("/")
    .filter((part) => part !== "")
  const body = (step.body ?? {}) as Json
  const made = (step.response as Json | null)?.["id"] as unknown as string
  const [kind, id, sub, subId] = parts as [string, string, string?, string?]
  const route = `${step.method} ${kind}${sub === undefined ? "" : `/${sub}`}`
  const ids = () => step.body as readonly string[]
  switch (kind === "runs" && id.includes("-batch") ? `${step.method} ${id}` : route) {
    case "PUT runs":
      return properties(id, body)
    case "DELETE runs":
      return [{ type: "RunDeleted", data: { runId: id } }]
    case "POST archive-batch":
      return ids().map((runId) => ({ type: "RunArchived" as const, data: { runId } }))
    case "POST finish-batch":
      return ids().map((runId) => ({ type: "RunFinished" as const, data: { runId, finishedAt: null } }))
    case "POST runs/tags":
      return [{ type: "RunTagged", data: { runId: id, tagId: tagOf[body["tag_name"]!]!, name: body["tag_name"]! } }]
    case "DELETE runs/tags":
      return [{ type: "RunUntagged", data: { runId: id, tagId: subId! } }]
    case "POST runs/note":
      return [{ type: "NoteCreated", data: { id: made, runId: id, experimentId: null, content: body["content"]! } }]
    case "POST experiments/note":
      return [{ type: "NoteCreated", data: { id: made, runId: null, experimentId: id, content: body["content"]! } }]
    case "PUT runs/note":
      return [{ type: "NoteEdited", data: { id: subId!, content: body["content"]! } }]
    case "DELETE experiments/note":
      return [{ type: "NoteDeleted", data: { id: subId! } }]
    default:
      return pages(route, id, made, body)
  }
}

const pages = (route: string, id: string, made: string, body: Json): readonly AnyFact[] => {
  const text = (field: string): string => body[field] ?? ""
  switch (route) {
    case "POST tags":
      return [
        { type: "TagCreated", data: { id: made, name: text("name"), color: text("color"), description: text("description") } },
      ]
    case "PUT tags":
      return [
        ...(body["name"] === undefined ? [] : [{ type: "TagRenamed" as const, data: { id, from: "", name: text("name") } }]),
        ...(body["color"] === undefined ? [] : [{ type: "TagRecolored" as const, data: { id, color: text("color") } }]),
        ...(body["archived"] === undefined
          ? []
          : [{ type: "TagArchived" as const, data: { id, archived: body["archived"] as boolean } }]),
      ]
    case "POST experiments":
      return [{ type: "ExperimentCreated", data: { id: made, name: text("name"), description: "" } }]
    case "PUT experiments":
      return [
        { type: "ExperimentRenamed", data: { id, from: "", name: text("name") } },
        { type: "ExperimentDescribed", data: { id, description: text("description") } },
      ]
    case "POST apps":
      return [{ type: "AppCreated", data: { id: made, type: text("type"), state: encodeValue(toValue(body["state"]!)) } }]
    case "PUT apps":
      return [{ type: "AppEdited", data: { id, type: text("type"), state: encodeValue(toValue(body["state"]!)) } }]
    case "POST dashboards":
      return [
        {
          type: "DashboardCreated",
          data: { id: made, name: text("name"), description: text("description"), appId: body["app_id"] ?? null },
        },
      ]
    case "PUT dashboards":
      return [{ type: "DashboardEdited", data: { id, name: text("name"), description: null } }]
    case "DELETE dashboards":
      return [{ type: "DashboardDeleted", data: { id } }]
    case "POST reports":
      return [
        { type: "ReportCreated", data: { id: made, name: text("name"), code: text("code"), description: text("description") } },
      ]
    case "PUT reports":
      return [{ type: "ReportEdited", data: { id, name: null, code: text("code"), description: null } }]
    case "DELETE reports":
      return [{ type: "ReportDeleted", data: { id } }]
    case "POST projects":
      return [{ type: "SequencesPinned", data: { sequences: (body["sequences"] as unknown as readonly Json[]).map(pinned) } }]
    default:
      throw new Error(`a recorded request of an unknown route: ${route}`)
  }
}

const pinned = (sequence: Json) => ({ name: sequence["name"]! as string, context: encodeValue(toValue(sequence["context"]!)) })

const sequence = (runId: string, p: Json) => {
  const context = toValue(p["context"] ?? {}) as ValueMap
  return { runId, name: p["name"]! as string, contextId: contextId(context), context: encodeValue(context) }
}

const record = (p: Json) =>
  encodeValue(
    new Map<string, Value>([
      ["message", p["message"]!],
      ["log_level", p["level"]!],
      ["timestamp", float(p["timestamp"]!)],
      ["args", toValue(p["extra_args"] ?? null)],
      ["logger_info", toValue(p["logger_info"] ?? null)],
    ]),
  )

/** The descent rule, as the recorded messages need it: one path while a map has one key. */
const descend = (value: unknown, path: readonly string[] = []): { paths: string[][]; values: Uint8Array[] } => {
  const entries = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : []
  return entries.length === 1
    ? descend(entries[0]![1], [...path, entries[0]![0]])
    : { paths: [[...path]], values: [encodeValue(toValue(value))] }
}

const floats = new Set(["range"])

/** JSON as a value; the recorded floats that are integral stand under these keys. */
const toValue = (json: unknown, key = ""): Value => {
  if (Array.isArray(json)) return json.map((item) => (typeof item === "number" && floats.has(key) ? float(item) : toValue(item)))
  if (json !== null && typeof json === "object")
    return new Map(Object.entries(json).map(([name, item]) => [name, toValue(item, name)]))
  return json as Value
}
