import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { positionName } from "../../domain/positions.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { FoldHelpers } from "../../projections/fold-helpers.ts"
import { rowText } from "../../projections/dump.ts"
import type { FoldedPart } from "../../projections/folded-part.ts"
import { verify, type Verification } from "../../projections/verify.ts"
import { settingsOfData } from "./data-folder.ts"
import { readableLog, store } from "../engines.ts"
import { foldProcesses } from "../fold-processes.ts"
import { lmdbStore } from "../lmdb/key-value-store.ts"
import { type Command, runCommand } from "./command.ts"
import { foldProgress } from "./progress.ts"

export const verifyCommand: Command = {
  summary: "fold the log into an empty store and compare it with the live one",
  help: `Prints the first difference and exits with 1 where there is one: then the projections are not what the log says.
It may run beside a server. It needs room for a second store in the data folder while it runs.

  matyan verify
`,
  options: { quiet: { type: "boolean", says: "print no progress" } },
  run: ({ quiet }) => runCommand(Effect.scoped(verified(quiet === true))),
}

const verified = (quiet: boolean) =>
  Effect.gen(function* () {
    const chosen = yield* settingsOfData
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(chosen.dataDir, "verify-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
    )
    const progress = foldProgress(quiet ? null : process.stderr)
    const scratch = yield* Layer.build(lmdbStore({ folder, temporary: true }))
    // Taken out of its context: provided from there, it would stand for the live store too, and equal itself.
    const empty = Context.get(scratch, KeyValueStore)
    // What the log cannot give now, by position; letters that the live store has too are not even tried.
    const unread = new Map<string, string>()
    const onFolded = (part: FoldedPart): void => {
      for (const { position, reason } of part.unread) unread.set(position, reason)
      progress.folded(part)
    }
    const found = yield* verify(empty, onFolded).pipe(
      Effect.provideService(FoldHelpers, foldProcesses(chosen, { scratch: folder })),
      Effect.provide(Layer.merge(readableLog(chosen), store(chosen))),
    )
    progress.done()
    return report(found, unread)
  })

const report = ({ difference, deadLetters, rows, isSteady }: Verification, unread: ReadonlyMap<string, string>): number => {
  for (const [position, reason] of unread) process.stderr.write(`the log cannot be read at ${position}: ${reason}\n`)
  // Those that were discarded need nobody's attention any more.
  for (const { position, type, reason } of deadLetters.filter(({ discarded }) => discarded === null))
    process.stderr.write(`dead letter at ${positionName(position)} (${type}): ${reason}\n`)
  if (difference === undefined) {
    const how = isSteady ? "" : "; folding never rested, so each part was compared at a moment of its own"
    process.stdout.write(`equal: ${rows} rows, as the log says${how}\n`)
    return unread.size === 0 ? 0 : 1
  }
  const { live, refolded } = difference
  process.stdout.write(`different after ${rows} equal rows\n`)
  process.stdout.write(`live:     ${live === undefined ? "no such row" : rowText(live)}\n`)
  process.stdout.write(`from log: ${refolded === undefined ? "no such row" : rowText(refolded)}\n`)
  return 1
}
