/**
 * What could not be decoded or folded, by position (decision 12). The index belongs to its generation but is not compared: a
 * rebuild makes its own, and what folds there is a dead letter no longer, in the same transaction that swaps it in.
 */
import { reached } from "../domain/milestones.ts"
import { decodeValue } from "../domain/msgpack.ts"
import type { Batch, SetAside } from "../domain/ports/event-log.ts"
import { float, isMap, numberOf, type Value } from "../domain/value.ts"
import { positionName } from "../domain/positions.ts"
import type { Topic } from "../events/define.ts"
import { keyOf, type Position } from "../events/index.ts"
import { type Discard, discardAt, discarded } from "./discards.ts"
import type { Unfolded } from "./fold.ts"
import type { Tuple } from "./keys.ts"
import type { Below, Rows, WritableRows } from "./rows.ts"

/** One event of the log that no projection holds. Times are in Unix seconds. */
export interface DeadLetter {
  readonly position: Position
  readonly type: string
  readonly key: string
  readonly reason: string
  /** When the gateway appended it; null where that cannot be read. */
  readonly appendedAt: number | null
  readonly buriedAt: number
  /** Set where an operator has given it up; else it is pending. */
  readonly discarded: Discard | null
}

/** How many dead letters wait for an operator, and since when (Unix seconds) the oldest. */
export interface PendingLetters {
  readonly count: number
  readonly oldest: number | null
}

/** Most bytes of an undecodable record that are kept with it; the log has all of them. */
const keptBytes = 64_000
/** Keys and reasons may come from anybody who writes to a topic, and a row holds little. */
const keptText = 2_000

/** Puts down what a batch could not fold; `now` is in Unix seconds. A letter that is there already stays as it is. */
export const bury = async (rows: WritableRows, letters: readonly Unfolded[], now: number): Promise<void> => {
  for (const { record, reason } of letters) {
    const place = placeOf(record.position)
    if (await rows.has("marks", ["letter", ...place])) continue
    const isDecoded = record.type !== "Undecodable"
    const entry = new Map<string, Value>([
      ["type", record.type],
      ["key", (isDecoded ? keyOf(record) : record.key).slice(0, keptText)],
      ["reason", reason.slice(0, keptText)],
      ["appendedAt", isDecoded ? float(record.meta.serverTime) : null],
      ["buriedAt", float(now)],
    ])
    rows.set("marks", ["letter", ...place], entry)
    if (!isDecoded) rows.set("marks", ["letter_bytes", ...place], record.bytes.slice(0, keptBytes))
    rows.setBytes("marks", ["aside", ...place], new Uint8Array())
    reached("letter: buried")
  }
}

/** Dead letters by position, discarded ones too; at most `limit` of them, after the position `after`. */
export const deadLetters = async (
  rows: Rows,
  { limit = 1_000, after }: { readonly limit?: number; readonly after?: Position } = {},
): Promise<readonly DeadLetter[]> => {
  const given = await discarded(rows)
  const from = after === undefined ? [] : placeOf({ ...after, offset: after.offset + 1 })
  const found = await rows.between("marks", ["letter"], from, null, { limit })
  return found.map((row) => letterOf(row, discardIn(given, row)))
}

/** As {@link deadLetters}, all of them, in chunks. */
export async function* eachLetter(rows: Rows): AsyncGenerator<readonly DeadLetter[]> {
  const given = await discarded(rows)
  for await (const chunk of rows.eachUnder("marks", ["letter"])) yield chunk.map((row) => letterOf(row, discardIn(given, row)))
}

/** The dead letter at a position; undefined where the event is folded, or not yet. */
export const deadLetterAt = async (rows: Rows, position: Position): Promise<DeadLetter | undefined> => {
  const stored = await rows.bytes("marks", ["letter", ...placeOf(position)])
  return stored === undefined ? undefined : letterOf({ rest: placeOf(position), bytes: stored }, await discardAt(rows, position))
}

/** Whether there is a letter at a position, discarded or not. */
export const isDeadLetter = (rows: Rows, position: Position): Promise<boolean> =>
  rows.has("marks", ["letter", ...placeOf(position)])

/** The first bytes of an undecodable record, as kept with its letter. */
export const keptBytesAt = async (rows: Rows, position: Position): Promise<Uint8Array | undefined> => {
  const kept = await rows.get("marks", ["letter_bytes", ...placeOf(position)])
  return kept instanceof Uint8Array ? kept : undefined
}

/** The pending ones, for an alarm; it counts no further than `most`. */
export const pendingLetters = async (rows: Rows, most = 10_000): Promise<PendingLetters> => {
  let count = 0
  let oldest: number | null = null
  for await (const chunk of eachLetter(rows)) {
    for (const letter of chunk) {
      if (letter.discarded !== null) continue
      if (++count >= most) return { count, oldest }
      oldest = Math.min(oldest ?? letter.buriedAt, letter.buriedAt)
    }
  }
  return { count, oldest }
}

/** The letters of some partitions that the log was not yet asked to set aside. */
export const notSetAside = async (rows: Rows, limit = 100): Promise<readonly SetAside[]> => {
  const places = await rows.under("marks", ["aside"], { limit })
  return Promise.all(
    places.map(async ({ rest }) => {
      const position = positionOf(rest)
      return { position, reason: (await deadLetterAt(rows, position))?.reason ?? "" }
    }),
  )
}

/** The places of the letters that were not set aside yet, some at a time, after the place `after`. */
export const placesNotSetAside = async (
  rows: Rows,
  { limit, after }: { readonly limit: number; readonly after: Tuple },
): Promise<readonly Tuple[]> =>
  (await rows.between("marks", ["aside"], after, null, { limit: limit + 1 }))
    .map(({ rest }) => rest)
    .filter((place) => after.length === 0 || place.some((element, i) => element !== after[i]))
    .slice(0, limit)

/** The log has set them aside. */
export const markSetAside = (rows: WritableRows, letters: readonly SetAside[]): void => {
  for (const { position } of letters) rows.clear("marks", ["aside", ...placeOf(position)])
}

/** Whether a record of a batch is one that the fold passes over. */
export const passesOver =
  (positions: ReadonlySet<string>) =>
  ({ position }: Batch["records"][number]): boolean =>
    positions.size > 0 && positions.has(positionName(position))

const placeOf = ({ topic, partition, offset }: Position) => [topic, partition, offset]

const positionOf = (place: Below["rest"]): Position => {
  const [topic, partition, offset] = place as unknown as readonly [Topic, number, number]
  return { topic, partition, offset }
}

const discardIn = (given: ReadonlyMap<string, Discard>, { rest }: Below): Discard | null =>
  given.get(positionName(positionOf(rest))) ?? null

const letterOf = ({ rest, bytes }: Below, discard: Discard | null): DeadLetter => {
  const position = positionOf(rest)
  const entry = decodeValue(bytes)
  const field = (name: string) => (isMap(entry) ? entry.get(name) : undefined) ?? null
  const appendedAt = field("appendedAt")
  return {
    position,
    type: String(field("type")),
    key: String(field("key")),
    reason: String(field("reason")),
    appendedAt: appendedAt === null ? null : (numberOf(appendedAt) ?? null),
    buriedAt: numberOf(field("buriedAt") ?? 0) ?? 0,
    discarded: discard,
  }
}
