import { Effect, Layer } from "effect"
import { type Batch, EventLog, partitionName } from "../../domain/ports/event-log.ts"
import type { Position } from "../../events/index.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { settingsOfData } from "./data-folder.ts"
import { readableLog, store } from "../engines.ts"
import { type Command, runCommand } from "./command.ts"

export const rebuildCommand: Command = {
  summary: "fold the whole log anew beside what serves, then swap it in",
  help: `Reads go on meanwhile, and so does what is logged; the new projections take over at once, when they hold all that the
old ones do. One that was ended goes on where it was. It needs room for a second set of projections while it runs.

  matyan rebuild
  matyan rebuild --keep
`,
  options: {
    keep: { type: "boolean", says: "keep the old projections until the next rebuild without --keep" },
    quiet: { type: "boolean", says: "print no progress" },
  },
  run: ({ keep, quiet }) =>
    runCommand(
      Effect.gen(function* () {
        const chosen = yield* settingsOfData
        yield* rebuiltWithProgress(quiet === true ? null : process.stderr, keep === true).pipe(
          Effect.provide(Layer.merge(readableLog(chosen), store(chosen))),
        )
        process.stdout.write("the projections are rebuilt\n")
        return 0
      }),
    ),
}

/** Rebuilds, and says on the way how far it has come; null: silently. */
export const rebuiltWithProgress = (out: NodeJS.WritableStream | null, keep: boolean) =>
  Effect.gen(function* () {
    const progress = rebuildProgress(out, yield* (yield* EventLog).ends)
    yield* rebuild({ keep, onBegun: progress.begun, onFolded: progress.folded })
    progress.done()
  })

const rebuildProgress = (out: NodeJS.WritableStream | null, ends: readonly Position[]) => {
  const total = ends.reduce((sum, { offset }) => sum + offset, 0)
  let start = performance.now()
  let said = start
  let before = 0
  let folded = 0
  const say = (): void => {
    const seconds = Math.max(0.001, (performance.now() - start) / 1000)
    const rate = folded / seconds
    // What is appended meanwhile is folded too, so there may be more than there was.
    const left = Math.max(0, total - before - folded)
    const share = total === 0 ? 100 : Math.min(100, Math.floor((100 * (before + folded)) / total))
    out?.write(
      `folded ${count(before + folded)} of ${count(total)} events (${share} %), ${count(rate)} events/s, ` +
        `${rate === 0 ? "?" : Math.ceil(left / rate)} s left\n`,
    )
  }
  return {
    begun: (from: ReadonlyMap<string, number>): void => {
      folded = 0
      start = performance.now()
      before = ends.reduce((sum, end) => sum + Math.min(end.offset, from.get(partitionName(end)) ?? 0), 0)
      if (before > 0) out?.write(`an earlier rebuild was ended at ${count(before)} events; it goes on from there\n`)
    },
    folded: (batch: Batch): void => {
      folded += batch.records.length
      if (performance.now() - said < 500) return
      said = performance.now()
      say()
    },
    done: say,
  }
}

const count = (number: number): string => Math.round(number).toLocaleString("en")
