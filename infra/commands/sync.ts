import { sync, syncHelp, syncOptions, syncSummary } from "../../sdk/node/sync.ts"
import type { Command } from "./command.ts"

export const syncCommand: Command = {
  summary: syncSummary,
  help: syncHelp,
  options: syncOptions,
  run: (options) => sync(options, { out: process.stdout, errors: process.stderr }),
}
