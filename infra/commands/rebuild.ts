import { Effect, Layer } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { foldAsOf } from "../../projections/as-of.ts"
import { lastText } from "../../projections/as-of-cut.ts"
import { FoldHelpers } from "../../projections/fold-helpers.ts"
import { endsByName, FoldMeter, progressText } from "../../projections/fold-meter.ts"
import type { FoldedPart } from "../../projections/folded-part.ts"
import { rebuild, type RebuildOptions } from "../../projections/rebuild.ts"
import { keepMillisOf } from "../config.ts"
import { readableLog, store } from "../engines.ts"
import { foldProcesses } from "../fold-processes.ts"
import { type Command, runCommand } from "./command.ts"
import { settingsOfData } from "./data-folder.ts"

export const rebuildCommand: Command = {
  summary: "fold the whole log anew beside what serves, then swap it in",
  help: `Reads go on meanwhile, and so does what is logged; the new projections take over at once, when they hold all that the
old ones do. One that was ended goes on where it was. It needs room for a second set of projections, and the old set is
kept for MATYAN_KEEP_GENERATION_HOURS: "matyan generations rollback" goes back to it.

With --as-of nothing is swapped: the log is folded up to a time (ISO 8601, in UTC where no zone is told, or Unix seconds), or
to the last events of partitions (topic/partition/offset, several with commas; -1 for none; a partition that is not named is
folded to its end). What it prints can be read with ?as_of=<id>, or with the same words.

  matyan rebuild
  matyan rebuild --keep
  matyan rebuild --as-of 2026-11-22T10:00:00Z
  matyan rebuild --as-of data-ingestion/3/1405,control-events/0/12
`,
  options: {
    keep: { type: "boolean", says: "keep the old projections until they are removed by hand" },
    "as-of": { type: "string", value: "time", says: "fold up to a time or positions, into a generation of its own" },
    quiet: { type: "boolean", says: "print no progress" },
  },
  run: ({ keep, quiet, "as-of": asOf }) => {
    const out = quiet === true ? null : process.stderr
    if (keep === true && asOf !== undefined) {
      process.stderr.write("matyan: --keep is of no use with --as-of, which replaces nothing\n")
      return Promise.resolve(2)
    }
    return runCommand(
      Effect.gen(function* () {
        const chosen = yield* settingsOfData
        const work: Effect.Effect<void, unknown, EventLog | KeyValueStore> =
          typeof asOf === "string"
            ? foldedAsOf(out, asOf.trim())
            : rebuiltAndSaid(out, { keep: keep === true, keepMillis: keepMillisOf(chosen) })
        yield* work.pipe(
          Effect.provideService(FoldHelpers, foldProcesses(chosen)),
          Effect.provide(Layer.merge(readableLog(chosen), store(chosen))),
        )
        return 0
      }),
    )
  },
}

const rebuiltAndSaid = (out: NodeJS.WritableStream | null, options: Pick<RebuildOptions, "keep" | "keepMillis">) =>
  Effect.gen(function* () {
    yield* withProgress(out, (told) => rebuild({ ...told, ...options }))
    process.stdout.write("the projections are rebuilt\n")
  })

const foldedAsOf = (out: NodeJS.WritableStream | null, asked: string) =>
  Effect.gen(function* () {
    let progress: FoldSaid | undefined
    const { id, ends } = yield* foldAsOf(asked, {
      onBegun: (begun, from) => {
        progress = foldSaid(out, new FoldMeter(begun.ends, performance.now()))
        // What cannot be folded is refused before this, and nothing said until then may look like work.
        out?.write(`folding the log as of ${asked}: generation ${begun.id} ends after ${lastText(begun.ends)}\n`)
        progress.begun(from)
      },
      onFolded: (part) => progress?.folded(part),
    })
    progress?.done()
    process.stdout.write(`as_of=${id}\npositions=${lastText(ends)}\n`)
  })

/** Does what folds the log and swaps, and says on the way how far it has come; null: silently. */
export const withProgress = <A, E, R>(
  out: NodeJS.WritableStream | null,
  work: (told: Pick<RebuildOptions, "onBegun" | "onFolded">) => Effect.Effect<A, E, R>,
) =>
  Effect.gen(function* () {
    const ends = endsByName(yield* (yield* EventLog).ends)
    const progress = foldSaid(out, new FoldMeter(ends, performance.now()))
    const answer = yield* work({ onBegun: progress.begun, onFolded: progress.folded })
    progress.done()
    return answer
  })

type FoldSaid = ReturnType<typeof foldSaid>

const foldSaid = (out: NodeJS.WritableStream | null, meter: FoldMeter) => {
  let said = performance.now()
  const say = (): void => void out?.write(`${progressText(meter.read(performance.now()))}\n`)
  return {
    begun: (from: ReadonlyMap<string, number>): void => {
      const now = performance.now()
      meter.begin(from, now)
      const { events } = meter.read(now)
      if (events > 0) out?.write(`${events.toLocaleString("en")} events were folded before; it goes on from there\n`)
    },
    folded: (part: FoldedPart): void => {
      const now = performance.now()
      meter.folded(part, now)
      if (now - said < 500) return
      said = now
      say()
    },
    done: say,
  }
}
