/**
 * What searches ask of a run, in one row, so that they need not gather it from dozens: its fields, the ids of its tags,
 * and its parameters where they are small. Ordered by the time the run was created. A second row tells its place from
 * the run's id. Both are there for runs that are not deleted, and say only what the documented rows say.
 *
 * Row: flags (1 byte), finalised and duration (float64, big-endian), the lengths of name, description, experiment id and
 * tag ids (4 bytes each, big-endian), these four, and the parameters to the end. Ids and parameters are msgpack.
 */
import { lazyMap } from "../domain/msgpack-lazy.ts"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { Float, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import { type Tuple, unpack } from "./keys.ts"
import type { Rows } from "./rows.ts"

/** The fields of a run that searches ask; times in Unix seconds. */
export interface RunProps {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly finalizedAt: number | null
  readonly duration: number | null
  readonly archived: boolean
  readonly active: boolean
  /** The experiment as the run itself has it; it may be deleted. */
  readonly experimentId: string | null
}

/** Where a run stands among the others, and what most searches filter by. */
export interface Place {
  readonly createdAt: number
  readonly archived: boolean
  readonly active: boolean
}

const flag = {
  archived: 1,
  active: 2,
  finalized: 4,
  duration: 8,
  experiment: 16,
  systemParams: 32,
  attributes: 64,
  cut: 128,
} as const
const headerBytes = 33
/** Longest row: one value of the store, and a chunk of it holds many. */
const longest = 24_000

export interface SummaryParts {
  readonly meta: ValueMap
  readonly tagIds: readonly string[]
  /** Without those of the system; null where they are too many for the row. */
  readonly attributes: ValueMap | null
  readonly hasSystemParams: boolean
}

/** The row of a run. */
export const summaryBytes = ({ meta, tagIds, attributes, hasSystemParams }: SummaryParts): Uint8Array => {
  const text = (field: string) => Buffer.from(textOf(meta.get(field)) ?? "")
  const parts = [text("name"), text("description"), text("experiment_id"), tagIds.length === 0 ? nothing : encodeValue(tagIds)]
  const finalized = numberOf(meta.get("finalized_at"))
  const duration = numberOf(meta.get("duration"))
  const header = Buffer.alloc(headerBytes)
  header[0] =
    placeFlags(meta) |
    (finalized === undefined ? 0 : flag.finalized) |
    (duration === undefined ? 0 : flag.duration) |
    (textOf(meta.get("experiment_id")) === null ? 0 : flag.experiment) |
    (hasSystemParams ? flag.systemParams : 0) |
    (attributes === null ? 0 : flag.attributes)
  header.writeDoubleBE(finalized ?? 0, 1)
  header.writeDoubleBE(duration ?? 0, 9)
  for (const [i, part] of parts.entries()) header.writeUInt32BE(part.length, 17 + 4 * i)
  const row = Buffer.concat([header, ...parts, ...(attributes === null ? [] : [encodeValue(attributes)])])
  if (row.length <= longest) return row
  const cut = Buffer.alloc(headerBytes)
  cut[0] = placeFlags(meta) | flag.cut
  return cut
}

/** The row that tells where the summary of a run stands. */
export const placeBytes = (meta: ValueMap): Uint8Array => {
  const bytes = Buffer.alloc(9)
  bytes[0] = placeFlags(meta)
  bytes.writeDoubleBE(numberOf(meta.get("created_at")) ?? 0, 1)
  return bytes
}

/** Where a run stands; undefined where it is not there or deleted. */
export const placeOf = async (rows: Rows, run: string): Promise<Place | undefined> => {
  const stored = await rows.tx.get(rows.key("own", ["place", run]))
  if (stored === undefined) return undefined
  const bytes = bufferOf(stored)
  return {
    createdAt: bytes.readDoubleBE(1),
    archived: (bytes[0]! & flag.archived) !== 0,
    active: (bytes[0]! & flag.active) !== 0,
  }
}

/** A summary as it is stored; each part is decoded when it is asked for. */
export class RunSummary implements RunProps {
  readonly id: string
  readonly createdAt: number
  readonly #bytes: Buffer

  constructor(id: string, createdAt: number, bytes: Uint8Array) {
    this.id = id
    this.createdAt = createdAt
    this.#bytes = bufferOf(bytes)
  }

  get name(): string {
    return this.#part(0).toString("utf8")
  }

  get description(): string {
    return this.#part(1).toString("utf8")
  }

  get experimentId(): string | null {
    return this.#has(flag.experiment) ? this.#part(2).toString("utf8") : null
  }

  get tagIds(): readonly string[] {
    const ids = this.#part(3)
    return ids.length === 0 ? [] : (decodeValue(ids) as readonly string[])
  }

  get finalizedAt(): number | null {
    return this.#has(flag.finalized) ? this.#bytes.readDoubleBE(1) : null
  }

  get duration(): number | null {
    return this.#has(flag.duration) ? this.#bytes.readDoubleBE(9) : null
  }

  get archived(): boolean {
    return this.#has(flag.archived)
  }

  get active(): boolean {
    return this.#has(flag.active)
  }

  /** Throws where the row is not one that a fold has written. */
  check(): void {
    if (this.#bytes.length < headerBytes || this.#start(4) > this.#bytes.length)
      throw new Error("the summary of a run is cut short")
  }

  /** Whether only the documented rows tell the run, since it is too long for one. */
  get isCut(): boolean {
    return this.#has(flag.cut)
  }

  /** Whether the run has parameters of the system, which no summary holds. */
  get hasSystemParams(): boolean {
    return this.#has(flag.systemParams)
  }

  /** The other parameters; null where they are too many for the row. */
  get attributes(): ValueMap | null {
    return this.#has(flag.attributes) ? lazyMap(this.#bytes.subarray(this.#start(4))) : null
  }

  #has(bit: number): boolean {
    return (this.#bytes[0]! & bit) !== 0
  }

  #start(part: number): number {
    let at = headerBytes
    for (let i = 0; i < part; i++) at += this.#bytes.readUInt32BE(17 + 4 * i)
    return at
  }

  #part(part: number): Buffer {
    const at = this.#start(part)
    return this.#bytes.subarray(at, at + this.#bytes.readUInt32BE(17 + 4 * part))
  }
}

/** The summary at a place. */
export const summaryAt = async (rows: Rows, run: string, createdAt: number): Promise<RunSummary | undefined> => {
  const stored = await rows.tx.get(rows.key("own", summaryKey(run, createdAt)))
  return stored === undefined ? undefined : new RunSummary(run, createdAt, stored)
}

export const summaryKey = (run: string, createdAt: number): Tuple => ["summary", new Float(createdAt), run]

export interface WalkOptions {
  readonly newestFirst: boolean
  /** Begins behind this run. */
  readonly after: { readonly run: string; readonly at: number } | null
}

/** All runs by the time they were created, and within the same time by id. */
export async function* summaries(rows: Rows, { newestFirst, after }: WalkOptions): AsyncGenerator<readonly RunSummary[]> {
  const prefix = rows.key("own", ["summary"])
  const edge = after === null ? undefined : rows.key("own", summaryKey(after.run, after.at))
  const least = Buffer.concat([prefix, Uint8Array.of(0)])
  const most = Buffer.concat([prefix, Uint8Array.of(0xff)])
  const range = newestFirst
    ? ([least, edge ?? most] as const)
    : ([edge === undefined ? least : Buffer.concat([edge, Uint8Array.of(0xff)]), most] as const)
  for await (const chunk of rows.tx.chunks(...range, { reverse: newestFirst }))
    yield chunk.map(([key, bytes]) => {
      const [createdAt, run] = unpack(key, prefix.length)
      return new RunSummary(String(run), numberOf(createdAt as Value) ?? 0, bytes)
    })
}

const placeFlags = (meta: ValueMap): number =>
  (meta.get("is_archived") === true ? flag.archived : 0) | (meta.get("active") === true ? flag.active : 0)

const textOf = (value: Value | undefined): string | null => (typeof value === "string" ? value : null)

const bufferOf = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

const nothing = new Uint8Array()
