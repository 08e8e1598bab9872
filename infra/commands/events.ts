import { once } from "node:events"
import { Effect, Stream } from "effect"
import { toJson } from "../../domain/json-text.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { Value } from "../../domain/value.ts"
import { keyOf, type Recorded, type Undecodable } from "../../events/index.ts"
import { settingsOfData } from "./data-folder.ts"
import { readableLog } from "../engines.ts"
import { type Command, runCommand, runUntilTold } from "./command.ts"

export const eventsCommand: Command = {
  summary: "print the log's events as JSON lines",
  help: `Each line holds position, type, data and metadata; msgpack values are decoded. Events of one run are in the order they
were appended; those of different partitions have no order among them.

  matyan events --run 3f2a… | jq .type
  matyan events --follow
`,
  options: {
    run: { type: "string", value: "id", says: "only the events of this run" },
    follow: { type: "boolean", says: "go on with what is appended" },
  },
  run: (options) => {
    const follow = options["follow"] === true
    const printing = printed(typeof options["run"] === "string" ? options["run"] : null, follow)
    return follow ? runUntilTold(printing) : runCommand(printing)
  },
}

const printed = (run: string | null, follow: boolean) =>
  Effect.gen(function* () {
    const chosen = yield* settingsOfData
    const print = Effect.gen(function* () {
      const log = yield* EventLog
      const batches = follow ? log.follow(new Map()) : log.source(new Map())
      yield* Stream.runForEach(batches, ({ records }) =>
        Effect.promise(() => write(records.filter((record) => concerns(record, run)))),
      )
      return 0
    })
    return yield* print.pipe(Effect.provide(readableLog(chosen)))
  })

const concerns = (record: Recorded | Undecodable, run: string | null): boolean => {
  if (run === null) return true
  if (record.type === "Undecodable") return record.key === run
  return keyOf(record) === run || ("runId" in record.data && record.data.runId === run)
}

const write = async (records: readonly (Recorded | Undecodable)[]): Promise<void> => {
  if (records.length === 0) return
  if (!process.stdout.write(records.map((record) => `${lineOf(record)}\n`).join(""))) await once(process.stdout, "drain")
}

/** A record of the log as a line of JSON. */
export const lineOf = (record: Recorded | Undecodable): string => {
  const { topic, partition, offset } = record.position
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
  return toJson(valueOf(Object.fromEntries([["position", `${topic}/${partition}/${offset}`], ["type", record.type], ...said])))
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
