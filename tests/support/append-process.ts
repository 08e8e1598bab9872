/** Appends to the log in a folder until it is killed, and prints the name of each event once it is acknowledged. */
import { Effect } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { TagCreated } from "../../events/entity.ts"
import { RunRenamed } from "../../events/run.ts"
import { embeddedLog } from "./embedded-log.ts"

const meta = { id: "", at: 1, serverTime: 1, project: "00000000", actor: "", cause: null, writer: "process", part: 0 }
const tag = { id: "t", color: "", description: "" }

const appending = Effect.gen(function* () {
  const log = yield* EventLog
  for (let i = 0; ; i += 4) {
    const names = Array.from({ length: 4 }, (_, j) => String(i + j))
    yield* Effect.forEach(
      names,
      (name) =>
        log.append([
          { ...RunRenamed({ runId: `run${name}`, name }), meta: { ...meta, seq: i } },
          { ...TagCreated({ ...tag, name }), meta: { ...meta, seq: i } },
        ]),
      { concurrency: "unbounded" },
    )
    process.stdout.write(names.map((name) => `${name}\n`).join(""))
  }
})
await Effect.runPromise(Effect.provide(appending, embeddedLog({ folder: process.argv[2]! })))
