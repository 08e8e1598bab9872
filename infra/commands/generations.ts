import { Data, Effect, Layer, Option } from "effect"
import { EventLog, type Starts } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lastText } from "../../projections/as-of-cut.ts"
import { endsByName } from "../../projections/fold-meter.ts"
import { type GenerationInfo, generations } from "../../projections/generation-list.ts"
import { removeGeneration } from "../../projections/remove-generation.ts"
import { rollback } from "../../projections/rollback.ts"
import { keepMillisOf, type Settings } from "../config.ts"
import { readableLog, store } from "../engines.ts"
import { type Command, runCommand } from "./command.ts"
import { settingsOfData } from "./data-folder.ts"
import { withProgress } from "./rebuild.ts"

export const generationsCommand: Command = {
  summary: "list the sets of projections, go back to one, or remove one",
  words: "list | rollback [id] | remove <id>",
  help: `A rebuild keeps the projections that it replaced for MATYAN_KEEP_GENERATION_HOURS. rollback lets them serve again: what
was logged since is folded into them beside what serves, and they are swapped in, as a rebuild is; without an id those that
were replaced last. remove takes replaced ones, those of "matyan rebuild --as-of", and what a rebuild that died has left. All
of it runs beside a server, and may be ended at any point and begun again.

  matyan generations list
  matyan generations rollback
  matyan generations remove 4
`,
  options: {
    json: { type: "boolean", says: "list as JSON lines" },
    quiet: { type: "boolean", says: "print no progress" },
  },
  run: (options, [act, word, ...rest]) => {
    const id = word !== undefined && /^[1-9]\d{0,8}$/.test(word) ? Number(word) : undefined
    if (rest.length === 0 && word === undefined && act === "list") return runOn(() => listed(options["json"] === true))
    if (rest.length === 0 && act === "rollback" && (word === undefined || id !== undefined))
      return runOn((chosen) => wentBack(chosen, id ?? null, options["quiet"] === true))
    if (rest.length === 0 && act === "remove" && id !== undefined) return runOn(() => removed(id))
    process.stderr.write(`matyan: say one of: ${generationsCommand.words}\n`)
    return Promise.resolve(2)
  },
}

/** There is nothing to remove. */
class NotRemovable extends Data.TaggedError("NotRemovable")<{ readonly message: string }> {}

const runOn = (act: (chosen: Settings) => Effect.Effect<number, unknown, EventLog | KeyValueStore>): Promise<number> =>
  runCommand(
    Effect.flatMap(settingsOfData, (chosen) => act(chosen).pipe(Effect.provide(Layer.merge(readableLog(chosen), store(chosen))))),
  )

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const allNow = KeyValueStore.use((all) => all.read(generations))

const listed = (asJson: boolean) =>
  Effect.gen(function* () {
    // The list is of use while the log is away, too.
    const ends = Option.map(yield* Effect.option(Effect.flatMap(EventLog, (log) => log.ends)), endsByName)
    const all = yield* allNow
    if (asJson) for (const one of all) say(JSON.stringify(jsonOf(one)))
    else table(all, Option.getOrUndefined(ends))
    return 0
  })

const jsonOf = ({ folded, since, keptUntil, asOf, ...one }: GenerationInfo) => ({
  ...one,
  folded: folded && Object.fromEntries(folded),
  since: since && timeText(since),
  keptUntil: keptUntil && timeText(keptUntil),
  ...(asOf === undefined ? {} : { asOf: { asked: asOf.asked, positions: lastText(asOf.ends), isComplete: asOf.isComplete } }),
})

const table = (all: readonly GenerationInfo[], ends: Starts | undefined): void => {
  const rows = [
    ["id", "state", "fold", "events", "behind", "since", "remark"],
    ...all.map((one) => [
      String(one.id),
      one.state,
      one.foldVersion === 0 ? "-" : String(one.foldVersion),
      one.folded === null ? "?" : String(sumOf(one.folded)),
      behindText(one, ends),
      one.since === null ? "-" : timeText(one.since),
      remark(one),
    ]),
  ]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
}

const behindText = ({ folded, asOf }: GenerationInfo, ends: Starts | undefined): string => {
  const until = asOf?.ends ?? ends
  return folded === null || until === undefined ? "?" : String(Math.max(0, sumOf(until) - sumOf(folded)))
}

const remark = ({ state, foldVersion, keptUntil, asOf }: GenerationInfo): string => {
  if (foldVersion === 0) return "is being removed"
  if (asOf !== undefined) return `as of ${asOf.asked}${asOf.isComplete ? "" : ", not complete"}`
  if (state !== "former") return state === "beside" ? "is being rebuilt" : state === "returning" ? "is to serve again" : ""
  if (keptUntil === 0) return "is to be removed"
  return keptUntil == null ? "kept until it is removed" : `kept until ${timeText(keptUntil)}`
}

const wentBack = (chosen: Settings, id: number | null, quiet: boolean) =>
  Effect.gen(function* () {
    const serving = yield* withProgress(quiet ? null : process.stderr, (told) =>
      rollback(id, { ...told, keepMillis: keepMillisOf(chosen) }),
    )
    say(`generation ${serving} serves`)
    return 0
  })

const removed = (id: number) =>
  Effect.gen(function* () {
    const removal = yield* removeGeneration(id)
    if (removal._tag === "NotRemovable") return yield* new NotRemovable({ message: notRemovable(id, removal.there) })
    say(`generation ${id} is removed`)
    return 0
  })

const notRemovable = (id: number, all: readonly GenerationInfo[]): string => {
  const there = all.filter(({ state }) => state !== "serving").map((one) => one.id)
  const why = all.some((one) => one.id === id) ? `generation ${id} serves` : `there is no generation ${id}`
  return `${why}; ${there.length === 0 ? "there is none that can be removed" : `those that can be removed are ${there.join(", ")}`}`
}

const sumOf = (starts: Starts): number => [...starts.values()].reduce((sum, offset) => sum + offset, 0)

const timeText = (millis: number): string => new Date(millis).toISOString()
