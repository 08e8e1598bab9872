import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { rowText } from "../../projections/dump.ts"
import { verify, type Verification } from "../../projections/verify.ts"
import { settingsOfData } from "./data-folder.ts"
import { readableLog, store } from "../engines.ts"
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
    const found = yield* verify(empty, progress.folded).pipe(Effect.provide(Layer.merge(readableLog(chosen), store(chosen))))
    progress.done()
    return report(found)
  })

const report = ({ difference, deadLetters, rows, isSteady }: Verification): number => {
  // Those that were discarded need nobody's attention any more.
  for (const { position, type, reason } of deadLetters.filter(({ discarded }) => discarded === null))
    process.stderr.write(`dead letter at ${position.topic}/${position.partition}/${position.offset} (${type}): ${reason}\n`)
  if (difference === undefined) {
    const how = isSteady ? "" : "; folding never rested, so each part was compared at a moment of its own"
    process.stdout.write(`equal: ${rows} rows, as the log says${how}\n`)
    return 0
  }
  const { live, refolded } = difference
  process.stdout.write(`different after ${rows} equal rows\n`)
  process.stdout.write(`live:     ${live === undefined ? "no such row" : rowText(live)}\n`)
  process.stdout.write(`from log: ${refolded === undefined ? "no such row" : rowText(refolded)}\n`)
  return 1
}
