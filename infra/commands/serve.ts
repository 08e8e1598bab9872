import { Effect } from "effect"
import { settings, type Settings } from "../config.ts"
import { logged } from "../observe/logging.ts"
import { traced } from "../observe/tracing.ts"
import { serve } from "../serve.ts"
import { type Command, runUntilTold } from "./command.ts"

export const serveCommand: Command = {
  summary: "run everything in one process on one data folder",
  help: `Both gateways, the projector and the control worker, on the folder MATYAN_DATA_DIR (.matyan).
It prints one line when it is ready, and ends cleanly on SIGTERM or Ctrl-C: what was accepted is kept.
After a crash it goes on by itself at the next start.

  MATYAN_DATA_DIR=/srv/matyan matyan serve
`,
  options: { insecure: { type: "boolean", says: "listen at a public HOST although there is no authentication" } },
  run: ({ insecure }) =>
    runUntilTold(
      Effect.flatMap(settings, (given) => {
        const chosen = { ...given, insecure: insecure === true || given.insecure }
        return Effect.scoped(serving(chosen)).pipe(traced(chosen, "serve"), logged(chosen, "serve"))
      }),
    ),
}

const serving = (chosen: Settings) =>
  Effect.gen(function* () {
    const { backendUrl, frontierUrl } = yield* serve(chosen)
    yield* Effect.sync(() =>
      process.stdout.write(`matyan is ready: REST at ${backendUrl}, ingestion at ${frontierUrl}, data in ${chosen.dataDir}\n`),
    )
    return yield* Effect.never
  })
