/**
 * Appends pairs of events to the log in a folder until several appends in a row have failed, and prints how many
 * succeeded. Run it where files may not grow beyond a limit, which to LMDB is as good as a full disk.
 */
import { Effect, Exit } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { RunRenamed } from "../../events/run.ts"
import { embeddedLog } from "./embedded-log.ts"

const meta = { id: "", at: 1, serverTime: 1, project: "00000000", actor: "", cause: null, writer: "full", seq: 0, part: 0 }
const event = { ...RunRenamed({ runId: "run", name: "x".repeat(100_000) }), meta }

const appending = Effect.gen(function* () {
  const log = yield* EventLog
  let acknowledged = 0
  for (let failures = 0; failures < 3;) {
    const exit = yield* Effect.exit(log.append([event, event]))
    if (Exit.isSuccess(exit)) acknowledged++
    else failures++
  }
  return acknowledged
})
const acknowledged = await Effect.runPromise(Effect.provide(appending, embeddedLog({ folder: process.argv[2]! })))
process.stdout.write(`${acknowledged}\n`)
