/** Law 9 and 2: what was acknowledged is in the log once, whole; and what was refused is not there at all. */
import { isDeepStrictEqual } from "node:util"
import type { Command } from "../../domain/commands.ts"
import { keyOf, type Position, type Recorded } from "../../events/index.ts"
import type { SentFrame } from "./clients.ts"
import type { SentCommand } from "./people.ts"
import { saidBy, saidIn } from "./said.ts"

const placeOf = ({ topic, partition, offset }: Position): string => `${topic}/${partition}/${offset}`

/** The events that folds take: the first of each writer's numbers in their order. */
export const heard = (records: readonly Recorded[]): readonly Recorded[] => {
  const last = new Map<string, readonly [number, number]>()
  return records.filter((record) => {
    const { writer, seq, part } = record.meta
    const key = `${keyOf(record)} ${writer}`
    const [lastSeq, lastPart] = last.get(key) ?? [-1, -1]
    if (seq < lastSeq || (seq === lastSeq && part <= lastPart)) return false
    last.set(key, [seq, part])
    return true
  })
}

/** What is said only once can be counted; of the rest it is enough that it is there. */
export const acknowledgedFrames = (records: readonly Recorded[], frames: readonly SentFrame[]): readonly string[] => {
  const times = new Map<string, number>()
  for (const record of heard(records))
    for (const text of saidIn(record)) {
      const key = `${keyOf(record)} ${text}`
      times.set(key, (times.get(key) ?? 0) + 1)
    }
  return frames.flatMap((frame) => frameProblems(frame, (text) => times.get(`${frame.run} ${text}`) ?? 0))
}

const frameProblems = ({ run, deed, outcome, copies }: SentFrame, timesOf: (text: string) => number): readonly string[] => {
  const said = deed.messages.flatMap(saidBy)
  const counts = said.filter(({ once }) => once).map(({ text }) => timesOf(text))
  const most = Math.max(0, ...counts)
  const missing = outcome === "ok" ? said.filter(({ text }) => timesOf(text) < 1) : []
  return [
    ...missing.map(
      ({ text }) => `${text}, an acknowledged ${text.includes('"point"') ? "point" : "message"} of ${run} is not in the log`,
    ),
    ...(most > copies ? [`a frame of ${run} that was sent on ${copies} connections counts ${most} times`] : []),
    ...(counts.some((count) => count !== most) ? [`a frame of ${run} is in the log in part: ${counts.join(" ")}`] : []),
  ]
}

/** Each position that a command was answered with holds its event, as it was decided, and says what was asked for. */
export const acknowledgedCommands = (records: readonly Recorded[], commands: readonly SentCommand[]): readonly string[] => {
  const at = new Map(records.map((record) => [placeOf(record.position), record]))
  const folded = new Map<string, number>()
  for (const { meta } of heard(records)) folded.set(meta.id, (folded.get(meta.id) ?? 0) + 1)
  return commands.flatMap(({ command, outcome }) => {
    if (outcome._tag === "Refused") return []
    return outcome.positions.flatMap((position, i) => {
      const record = at.get(placeOf(position))
      const fact = outcome.facts[i]
      if (
        record === undefined ||
        record.type !== fact?.type ||
        !isDeepStrictEqual(comparable(record.data), comparable(fact.data))
      )
        return [`${command._tag} is not where it was answered to be: ${placeOf(position)}`]
      const others = contradictions(command, record)
      const times = folded.get(record.meta.id) ?? 0
      return [
        ...others.map((field) => `an event of ${command._tag} at ${placeOf(position)} has another ${field} than was asked for`),
        ...(times === 1 ? [] : [`an event of ${command._tag} counts ${times} times`]),
      ]
    })
  })
}

/** Bytes as digits, whichever class holds them, so that what was decided and what was decoded can be compared. */
const comparable = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex")
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, comparable(one)]))
}

/** Fields that command and event both have, and tell differently. */
const contradictions = (command: Command, { data }: Recorded): readonly string[] => {
  const said: Readonly<Record<string, unknown>> = data
  return Object.entries(command)
    .filter(([field, value]) => scalars.has(field) && value !== null && field in said && said[field] !== value)
    .map(([field]) => field)
}

const scalars = new Set(["runId", "id", "name", "description", "content", "code", "color", "archived", "step", "tagId", "reason"])
