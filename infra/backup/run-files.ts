/** The small files of a run in an archive of format 1, as the reference, its client and we write them. */
import { parseJson } from "../../domain/json.ts"
import { microsOf } from "../../domain/time.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../../domain/value.ts"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { type Archive, wholeFile } from "./archive.ts"
import { ArchiveUnsound } from "./unsound.ts"

/** Times in Unix seconds. */
export interface RunFile {
  readonly id: string
  readonly name: string | null
  readonly description: string | null
  readonly createdAt: number
  readonly updatedAt: number | null
  readonly finalizedAt: number | null
  readonly clientStart: number | null
  readonly duration: number | null
  readonly active: boolean
  readonly archived: boolean
  readonly experimentId: string | null
  readonly experimentName: string | null
  readonly tags: readonly string[]
  readonly attributes: ValueMap
  /** Whether the reference's client wrote it, from what the REST interface tells. */
  readonly isFromClient: boolean
  /** By the id that the archive gives it. */
  readonly contexts: ReadonlyMap<number, Context>
  /** `<context id>/<name>` → dtype. */
  readonly dtypes: ReadonlyMap<string, string>
}

/** A context with the id that we give it. */
export interface Context {
  readonly id: number
  readonly bytes: Uint8Array
}

/** `fallback` (Unix seconds) is when a run was created that does not say so. Throws {@link ArchiveUnsound}. */
export const runFile = async (archive: Archive, id: string, fallback: number): Promise<RunFile> => {
  const folder = `runs/${id}`
  const run = await mapIn(archive, `${folder}/run.json`)
  const attributes = await mapIn(archive, `${folder}/attrs.json`)
  const contexts = await contextsIn(archive, `${folder}/contexts.json`)
  const text = (field: string): string | null => {
    const value = run.get(field)
    return typeof value === "string" ? value : null
  }
  const time = (field: string): number | null => {
    const micros = microsOf(run.get(field))
    return Number.isNaN(micros) ? null : micros / 1e6
  }
  const finalizedAt = time("finalized_at")
  return {
    id,
    name: text("name"),
    description: text("description"),
    createdAt: time("created_at") ?? fallback,
    updatedAt: time("updated_at"),
    finalizedAt,
    clientStart: time("client_start_ts"),
    duration: numberOf(run.get("duration")) ?? null,
    active: run.get("active") === undefined ? finalizedAt === null : run.get("active") === true,
    archived: run.get("is_archived") === true || run.get("archived") === true,
    experimentId: text("experiment_id"),
    experimentName: text("experiment_name"),
    tags: tagsIn(run.get("tags")),
    attributes,
    isFromClient: run.has("hash"),
    contexts,
    dtypes: await dtypesIn(archive, `${folder}/traces.json`),
  }
}

/** The JSON of a whole file. Throws {@link ArchiveUnsound} with the place of what is wrong. */
const jsonIn = async (archive: Archive, path: string): Promise<Value> => {
  const parsed = parseJson((await wholeFile(archive, path, mostJson)).toString())
  if ("error" in parsed) throw new ArchiveUnsound({ message: `${archive.name}: ${path} is damaged: ${parsed.error}` })
  return parsed.value
}

const mostJson = 256 * 2 ** 20

const mapIn = async (archive: Archive, path: string): Promise<ValueMap> => {
  const value = await jsonIn(archive, path)
  if (!isMap(value)) throw new ArchiveUnsound({ message: `${archive.name}: ${path} is damaged: it is no JSON object` })
  return value
}

const contextsIn = async (archive: Archive, path: string): Promise<ReadonlyMap<number, Context>> => {
  const found = new Map<number, Context>([[0, { id: 0, bytes: encodeValue(new Map()) }]])
  for (const [id, context] of await mapIn(archive, path)) {
    if (!/^\d{1,15}$/.test(id) || !isMap(context))
      throw new ArchiveUnsound({ message: `${archive.name}: ${path} is damaged: "${id}" is no context` })
    found.set(Number(id), { id: contextId(context), bytes: encodeValue(context) })
  }
  return found
}

const dtypesIn = async (archive: Archive, path: string): Promise<ReadonlyMap<string, string>> => {
  const traces = await jsonIn(archive, path)
  if (!Array.isArray(traces)) throw new ArchiveUnsound({ message: `${archive.name}: ${path} is damaged: it is no JSON list` })
  const found = new Map<string, string>()
  for (const trace of traces as readonly Value[]) {
    if (!isMap(trace)) throw new ArchiveUnsound({ message: `${archive.name}: ${path} is damaged: a trace is no JSON object` })
    const dtype = trace.get("dtype")
    if (typeof dtype === "string") found.set(`${String(trace.get("context_id") ?? 0)}/${String(trace.get("name"))}`, dtype)
  }
  return found
}

/** Names, or maps with a name. */
const tagsIn = (value: Value | undefined): readonly string[] =>
  (Array.isArray(value) ? (value as readonly Value[]) : []).flatMap((tag) => {
    const name = isMap(tag) ? tag.get("name") : tag
    return typeof name === "string" ? [name] : []
  })
