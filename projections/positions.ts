/**
 * Where in the log the records of each run, and the control events of each entity, stand: what histories are read by without
 * scanning a partition. Every record counts, whatever comes of it, so these rows follow from the log alone, and they stay
 * when a run's data is cleared.
 *
 * Rows: (topic, kind, id): varints (LEB128) of the partition, the number of closed blocks, the number of offsets in this
 * last block, its last offset, and for each of them four times what it is above the one before, plus what it holds (0 a
 * change, 1 data, 2 a repeat). (topic, kind, id, n): the closed block n of {@link blockLength} offsets, as a last block from
 * its first offset on.
 */
import { keyBytes, defaultIngestLimits } from "../domain/limits.ts"
import type { Topic } from "../events/define.ts"
import { type EventType, keyOf, type Position, type Recorded, type Undecodable } from "../events/index.ts"
import type { Rows, WritableRows } from "./rows.ts"
import { namedBy, type Subject } from "./subjects.ts"
import { appendVarint, readVarints } from "./varints.ts"

/** How many offsets a closed block holds. */
const blockLength = 512

/** Whose records; those of a run stand in `data-ingestion`, what is said of it and of all else in `control-events`. */
export interface Stream extends Subject {
  readonly topic: Topic
}

/**
 * What a record holds: what was changed or said, points and lines, of which a run has many more, or what its writer had
 * appended before.
 */
export type RecordClass = "change" | "data" | "repeat"
const classes = ["change", "data", "repeat"] as const satisfies readonly RecordClass[]

export interface Place {
  /** Which record of the stream it is; 0 is the first. */
  readonly number: number
  readonly position: Position
  readonly holds: RecordClass
}

const data: ReadonlySet<string> = new Set<EventType>(["PointsLogged", "ObjectLogged", "TerminalLinesLogged", "LogRecordsLogged"])

interface Offset {
  readonly offset: number
  /** The index in {@link classes}. */
  readonly holds: number
}

interface Noted {
  readonly stream: Stream
  readonly partition: number
  readonly offsets: Offset[]
}

/** How a last block begins; `end` is where its offsets stand. */
interface Head {
  readonly partition: number
  readonly closed: number
  readonly count: number
  readonly last: number
  readonly end: number
}

/** The positions of one batch, gathered so that each stream costs one row. */
export class NewPositions {
  readonly #rows: WritableRows
  readonly #noted = new Map<string, Noted>()

  constructor(rows: WritableRows) {
    this.#rows = rows
  }

  note(record: Recorded | Undecodable, isRepeat: boolean): void {
    const holds = isRepeat ? 2 : data.has(record.type) ? 1 : 0
    if (record.position.topic === "data-ingestion") {
      const id = record.type === "Undecodable" ? record.key : keyOf(record)
      this.#note({ kind: "run", id }, record.position, holds)
    } else if (record.type !== "Undecodable") for (const subject of namedBy(record)) this.#note(subject, record.position, holds)
  }

  async store(): Promise<void> {
    await Promise.all(Array.from(this.#noted.values(), (noted) => this.#append(noted)))
  }

  #note({ kind, id }: Subject, { topic, partition, offset }: Position, holds: number): void {
    const key = `${kind}/${id}`
    const noted = this.#noted.get(key)
    if (noted !== undefined) noted.offsets.push({ offset, holds })
    // Nobody asks for an id that no gateway takes, and it might make a key that no store takes.
    else if (id !== "" && keyBytes(id) <= defaultIngestLimits.runIdBytes)
      this.#noted.set(key, { stream: { topic, kind, id }, partition, offsets: [{ offset, holds }] })
  }

  async #append({ stream, partition, offsets }: Noted): Promise<void> {
    const stored = await this.#rows.bytes("own", keyFor(stream))
    const head = headOf(stored ?? nothing)
    if (head.count + offsets.length <= blockLength) {
      const counts = [partition, head.closed, head.count + offsets.length, offsets.at(-1)!.offset]
      this.#rows.setBytes("own", keyFor(stream), blockBytes(counts, offsets, head.last, stored?.subarray(head.end)))
      return
    }
    const all = [...offsetsOf(stored ?? nothing), ...offsets]
    const closing = Math.ceil(all.length / blockLength) - 1
    for (let i = 0; i < closing; i++) {
      const block = all.slice(i * blockLength, (i + 1) * blockLength)
      this.#rows.setBytes("own", [...keyFor(stream), head.closed + i], blockBytes([], block))
    }
    const rest = all.slice(closing * blockLength)
    this.#rows.setBytes(
      "own",
      keyFor(stream),
      blockBytes([partition, head.closed + closing, rest.length, rest.at(-1)!.offset], rest),
    )
  }
}

/** How many records a stream has; 0 where none was folded. */
export const positionCount = async (rows: Rows, stream: Stream): Promise<number> => {
  const stored = await rows.bytes("own", keyFor(stream))
  if (stored === undefined) return 0
  const { closed, count } = headOf(stored)
  return closed * blockLength + count
}

/** Which records of a stream: from number `from` (0 is the first) to `to` (exclusive), and of these what holds `only` that. */
interface Stretch {
  readonly from: number
  readonly to: number
  readonly only?: RecordClass
}

/** Where records of a stream stand, in the order of the log. */
export const positionsOf = async (rows: Rows, stream: Stream, { from, to, only }: Stretch): Promise<readonly Place[]> => {
  const stored = await rows.bytes("own", keyFor(stream))
  if (stored === undefined) return []
  const { partition, closed } = headOf(stored)
  const { topic } = stream
  const found: Place[] = []
  for (let block = Math.floor(from / blockLength); block <= closed && block * blockLength < to; block++) {
    const offsets = block < closed ? await closedBlock(rows, stream, block) : offsetsOf(stored)
    for (const [i, { offset, holds: index }] of offsets.entries()) {
      const number = block * blockLength + i
      const holds = classes[index] ?? "change"
      if (number >= from && number < to && (only === undefined || only === holds))
        found.push({ number, position: { topic, partition, offset }, holds })
    }
  }
  return found
}

const keyFor = ({ topic, kind, id }: Stream) => ["positions", topic, kind, id] as const

const closedBlock = async (rows: Rows, stream: Stream, block: number): Promise<readonly Offset[]> => {
  const stored = await rows.bytes("own", [...keyFor(stream), block])
  return stored === undefined ? [] : summed(stored)
}

const nothing = new Uint8Array()

const headOf = (stored: Uint8Array): Head => {
  const { numbers, end } = readVarints(stored, 4)
  const [partition = 0, closed = 0, count = 0, last = 0] = numbers
  return { partition, closed, count, last, end }
}

/** The offsets of a last block. */
const offsetsOf = (stored: Uint8Array): readonly Offset[] => summed(stored.subarray(headOf(stored).end))

/** A block: the numbers of its head, what it holds already, and more offsets, of which the last one before was `last`. */
const blockBytes = (head: readonly number[], offsets: readonly Offset[], last = 0, held: Uint8Array = nothing): Uint8Array => {
  const begin: number[] = []
  for (const number of head) appendVarint(number, begin)
  const end: number[] = []
  let before = last
  for (const { offset, holds } of offsets) {
    appendVarint((offset - before) * classFactor + holds, end)
    before = offset
  }
  const bytes = new Uint8Array(begin.length + held.length + end.length)
  bytes.set(begin)
  bytes.set(held, begin.length)
  bytes.set(end, begin.length + held.length)
  return bytes
}

/** Room for the class below each difference. */
const classFactor = 4

const summed = (stored: Uint8Array): readonly Offset[] => {
  let offset = 0
  return readVarints(stored).numbers.map((number) => {
    offset += Math.floor(number / classFactor)
    return { offset, holds: number % classFactor }
  })
}
