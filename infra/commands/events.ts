import { once } from "node:events"
import { Effect, Stream } from "effect"
import { toJson } from "../../domain/json-text.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { positionName } from "../../domain/positions.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { microsOfText } from "../../domain/time.ts"
import type { Value } from "../../domain/value.ts"
import { catalog, keyOf, type Recorded, type Undecodable } from "../../events/index.ts"
import { namedBy, type Subject, subjectKinds } from "../../projections/subjects.ts"
import { recordsAbout } from "./event-places.ts"
import { settingsOfData } from "./data-folder.ts"
import { readableLog } from "../engines.ts"
import { type Command, runCommand, runUntilTold } from "./command.ts"

export const eventsCommand: Command = {
  summary: "print the log's events as JSON lines",
  help: `Each line holds position, type, data and metadata; msgpack values are decoded. Events of one run are in the order they
were appended; those of different partitions have no order among them. The events of a run or an entity are found by the
projections where these can be read, and are not searched for in the whole log.

  matyan events --run 3f2a… | jq .type
  matyan events --entity experiment/9c1f… --type ExperimentRenamed,ExperimentDeleted
  matyan events --since 2026-11-22T10:00:00Z --follow
`,
  options: {
    run: { type: "string", value: "id", says: "only the events of this run" },
    entity: { type: "string", value: "kind/id", says: `only those that name it; a kind is one of ${subjectKinds.join(", ")}` },
    type: { type: "string", value: "types", says: "only events of these types, several with commas" },
    since: { type: "string", value: "time", says: "only those appended from then on (ISO 8601 or Unix seconds)" },
    until: { type: "string", value: "time", says: "only those appended before" },
    follow: { type: "boolean", says: "go on with what is appended" },
  },
  run: (options) => {
    const wanted = wantedOf(options)
    if (typeof wanted === "string") {
      process.stderr.write(`matyan: ${wanted}\n`)
      return Promise.resolve(2)
    }
    return wanted.follow ? runUntilTold(printed(wanted)) : runCommand(printed(wanted))
  },
}

/** Which events are asked for; times in Unix seconds by the clock of the gateway that appended them. */
interface Wanted {
  readonly about: Subject | null
  readonly types: ReadonlySet<string> | null
  readonly since: number
  readonly until: number
  readonly follow: boolean
}

/** What is asked for, or what is wrong with it. */
const wantedOf = (options: Readonly<Record<string, string | boolean>>): Wanted | string => {
  const text = (name: string) => (typeof options[name] === "string" ? options[name] : null)
  const [run, entity, type] = [text("run"), text("entity"), text("type")]
  if (run !== null && entity !== null) return "--run and --entity are of no use together"
  const about = run === null ? entityNamed(entity) : ({ kind: "run", id: run } as const)
  if (about === undefined) return `--entity is kind/id, the kind one of ${subjectKinds.join(", ")}`
  const types = type === null ? null : new Set(type.split(",").map((one) => one.trim()))
  const unknown = [...(types ?? [])].find((one) => one !== "Undecodable" && !Object.hasOwn(catalog, one))
  if (unknown !== undefined) return `there are no events of type ${unknown}`
  const since = secondsOf(text("since")) ?? Number.NEGATIVE_INFINITY
  const until = secondsOf(text("until")) ?? Number.POSITIVE_INFINITY
  if (Number.isNaN(since) || Number.isNaN(until)) return "--since and --until are times (ISO 8601 or Unix seconds)"
  return { about, types, since, until, follow: options["follow"] === true }
}

/** Null where none is asked for, undefined where it is none. */
const entityNamed = (name: string | null): Subject | null | undefined => {
  if (name === null) return null
  const [, kindText, id = ""] = /^([a-z]+)\/(.+)$/s.exec(name) ?? []
  const kind = subjectKinds.find((known) => known === kindText)
  return kind === undefined ? undefined : { kind, id }
}

/** Null where no time is told, NaN where it is none. */
const secondsOf = (text: string | null): number | null => {
  if (text === null) return null
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : microsOfText(text) / 1e6
}

const printed = (wanted: Wanted) =>
  Effect.gen(function* () {
    const chosen = yield* settingsOfData
    const { about, follow } = wanted
    const print = Effect.gen(function* () {
      let printed = 0
      const log = yield* EventLog
      const whole = follow ? log.follow(new Map()) : log.source(new Map())
      const read = about === null ? Stream.map(whole, ({ records }) => records) : recordsAbout(chosen, about, follow)
      yield* Stream.runForEach(read, (records) => {
        const lines = records.filter((record) => isWanted(record, wanted))
        printed += lines.length
        return Effect.promise(() => write(lines))
      })
      if (printed === 0)
        process.stderr.write(`matyan: the log has no such events${about === null ? "" : ` of ${about.kind} ${about.id}`}\n`)
      return 0
    })
    return yield* print.pipe(Effect.provide(readableLog(chosen)))
  })

const isWanted = (record: Recorded | Undecodable, { about, types, since, until }: Wanted): boolean => {
  if (about !== null && !concerns(record, about)) return false
  if (types !== null && !types.has(record.type)) return false
  // What cannot be decoded tells no time.
  if (record.type === "Undecodable") return since === Number.NEGATIVE_INFINITY && until === Number.POSITIVE_INFINITY
  return record.meta.serverTime >= since && record.meta.serverTime < until
}

const concerns = (record: Recorded | Undecodable, { kind, id }: Subject): boolean => {
  const isOfRun = kind === "run" && record.position.topic === "data-ingestion"
  if (record.type === "Undecodable") return isOfRun && record.key === id
  return isOfRun ? keyOf(record) === id : namedBy(record).some((named) => named.kind === kind && named.id === id)
}

const write = async (records: readonly (Recorded | Undecodable)[]): Promise<void> => {
  if (records.length === 0) return
  if (!process.stdout.write(records.map((record) => `${lineOf(record)}\n`).join(""))) await once(process.stdout, "drain")
}

/** A record of the log as a line of JSON. */
export const lineOf = (record: Recorded | Undecodable): string => {
  const said: [string, unknown][] =
    record.type === "Undecodable"
      ? [
          ["key", record.key],
          ["reason", record.reason],
          ["bytes", record.bytes],
        ]
      : [
          ["data", record.data],
          ["meta", record.meta],
        ]
  return toJson(valueOf(Object.fromEntries([["position", positionName(record.position)], ["type", record.type], ...said])))
}

/** An event's field as JSON shows it: bytes that are msgpack by what they say. */
const valueOf = (field: unknown): Value => {
  if (field instanceof Uint8Array) return readable(field)
  if (Array.isArray(field)) return field.map(valueOf)
  if (typeof field === "object" && field !== null)
    return new Map(Object.entries(field).map(([key, item]) => [key, valueOf(item)]))
  return field as Value
}

const readable = (bytes: Uint8Array): Value => {
  try {
    return decodeValue(bytes)
  } catch {
    return `hex:${Buffer.from(bytes).toString("hex")}`
  }
}
