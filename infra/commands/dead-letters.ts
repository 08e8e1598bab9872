import { Effect, Layer } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { Position } from "../../events/index.ts"
import { type DeadLetter, deadLetterAt, eachLetter, keptBytesAt } from "../../projections/dead-letters.ts"
import { positionName, positionNamed } from "../../domain/positions.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { makeView } from "../../projections/view.ts"
import { keepMillisOf, type Settings } from "../config.ts"
import { readableLog, store } from "../engines.ts"
import { type Command, runCommand } from "./command.ts"
import { settingsOfData } from "./data-folder.ts"
import { discardLetter } from "./discard-letter.ts"
import { lineOf } from "./events.ts"
import { withProgress } from "./rebuild.ts"

export const deadLettersCommand: Command = {
  summary: "list, show, retry or discard events that could not be folded",
  words: "list | show <position> | retry | discard <position>",
  help: `A position is topic/partition/offset. retry rebuilds all projections beside those that serve, and swaps: what folds then
is as if it had never failed. discard gives a letter up for ever; it asks the query gateway where one is running.

  matyan dead-letters list
  matyan dead-letters show data-ingestion/3/1405
  matyan dead-letters discard data-ingestion/3/1405 --reason "sent by a broken script"
`,
  options: {
    all: { type: "boolean", says: "list discarded ones too" },
    json: { type: "boolean", says: "list as JSON lines" },
    reason: { type: "string", value: "text", says: "why it is discarded" },
    url: { type: "string", value: "address", says: "where the query gateway is; by HOST and MATYAN_BACKEND_PORT unless given" },
    quiet: { type: "boolean", says: "print no progress of retry" },
  },
  run: (options, [act, place, ...rest]) => {
    const position = place === undefined ? undefined : positionNamed(place)
    const text = (name: string) => (typeof options[name] === "string" ? options[name] : undefined)
    if (rest.length === 0 && place === undefined && act === "list")
      return runOn(() => listed(options["all"] === true, options["json"] === true))
    if (rest.length === 0 && place === undefined && act === "retry")
      return runOn((chosen) => retried(options["quiet"] === true, keepMillisOf(chosen)))
    if (rest.length === 0 && position !== undefined && act === "show") return runOn(() => shown(position))
    if (rest.length === 0 && position !== undefined && act === "discard")
      return runCommand(
        Effect.flatMap(settingsOfData, (chosen) => discarded(chosen, position, text("reason") ?? "", text("url"))),
      )
    process.stderr.write(
      `matyan: ${place !== undefined && position === undefined ? `${place} is no position, such as data-ingestion/3/1405` : `say one of: ${deadLettersCommand.words}`}\n`,
    )
    return Promise.resolve(2)
  },
}

const runOn = (act: (chosen: Settings) => Effect.Effect<number, unknown, EventLog | KeyValueStore>): Promise<number> =>
  runCommand(
    Effect.flatMap(settingsOfData, (chosen) => act(chosen).pipe(Effect.provide(Layer.merge(readableLog(chosen), store(chosen))))),
  )

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const lettersNow = (withDiscarded: boolean) =>
  Effect.gen(function* () {
    const view = yield* makeView
    return yield* view.read(async (rows) => {
      const found: DeadLetter[] = []
      for await (const chunk of eachLetter(rows)) found.push(...chunk.filter((one) => withDiscarded || one.discarded === null))
      return found
    })
  })

const listed = (withDiscarded: boolean, asJson: boolean) =>
  Effect.map(lettersNow(withDiscarded), (letters) => {
    if (asJson) for (const letter of letters) say(JSON.stringify({ ...letter, position: positionName(letter.position) }))
    else if (letters.length === 0) say(withDiscarded ? "no dead letters" : "no dead letters are pending")
    else table(letters)
    return 0
  })

const table = (letters: readonly DeadLetter[]): void => {
  const rows = [
    ["position", "type", "appended", "state", "reason"],
    ...letters.map((letter) => [
      positionName(letter.position),
      letter.type,
      timeText(letter.appendedAt),
      letter.discarded === null ? "pending" : "discarded",
      letter.reason.replaceAll(/\s+/g, " "),
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows) say(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
}

const shown = (position: Position) =>
  Effect.gen(function* () {
    const view = yield* makeView
    const { letter, kept } = yield* view.read(async (rows) => ({
      letter: await deadLetterAt(rows, position),
      kept: await keptBytesAt(rows, position),
    }))
    if (letter === undefined) return notOne(position)
    say(`position   ${positionName(position)}`)
    say(`type       ${letter.type}`)
    say(`key        ${letter.key}`)
    say(`appended   ${timeText(letter.appendedAt)}`)
    say(`buried     ${timeText(letter.buriedAt)}`)
    say(`reason     ${letter.reason}`)
    if (letter.discarded !== null) say(`discarded  ${timeText(letter.discarded.at)}: ${letter.discarded.reason}`)
    const [record] = yield* EventLog.use((log) => log.recordsAt([position]))
    if (record !== undefined && record.type !== "Undecodable") say(`event      ${lineOf(record)}`)
    const bytes = record?.type === "Undecodable" ? record.bytes : kept
    if (bytes !== undefined) sayBytes(bytes)
    return 0
  })

/** An event begins with a zero byte and the number of its schema in four (the registry's framing). */
const sayBytes = (bytes: Uint8Array): void => {
  const all = Buffer.from(bytes)
  if (all.length > 5 && all[0] === 0) say(`schema     ${all.readUInt32BE(1)}`)
  say(`bytes      ${all.length}`)
  for (let at = 0; at < all.length; at += 16) {
    const line = all.subarray(at, at + 16)
    const hex = line.toString("hex").replaceAll(/(..)/g, "$1 ")
    say(`  ${at.toString(16).padStart(6, "0")}  ${hex.padEnd(48)} ${line.toString("latin1").replaceAll(/[^ -~]/g, ".")}`)
  }
}

const retried = (quiet: boolean, keepMillis: number) =>
  Effect.gen(function* () {
    const before = yield* lettersNow(false)
    if (before.length === 0) {
      say("no dead letters are pending: there is nothing to retry")
      return 0
    }
    yield* withProgress(quiet ? null : process.stderr, (told) => rebuild({ ...told, keepMillis }))
    const after = yield* lettersNow(false)
    const still = new Set(after.map(({ position }) => positionName(position)))
    const folded = before.filter(({ position }) => !still.has(positionName(position)))
    say(`${folded.length} of ${before.length} dead letters are folded now`)
    if (after.length > 0) table(after)
    return after.length === 0 ? 0 : 1
  })

const discarded = (chosen: Settings, position: Position, reason: string, url: string | undefined) =>
  Effect.gen(function* () {
    const view = yield* makeView
    const letter = yield* view.read((rows) => deadLetterAt(rows, position))
    if (letter === undefined) return notOne(position)
    if (letter.discarded === null) yield* discardLetter(chosen, position, reason, url)
    say(`${positionName(position)} is discarded`)
    return 0
  }).pipe(Effect.provide(store(chosen)))

const notOne = (position: Position): number => {
  process.stderr.write(`matyan: there is no dead letter at ${positionName(position)}\n`)
  return 1
}

const timeText = (seconds: number | null): string => (seconds === null ? "-" : new Date(seconds * 1000).toISOString())
