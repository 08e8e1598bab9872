import { Effect } from "effect"
import { jobNames } from "../../projections/scheduled-jobs.ts"
import { finishStale } from "../../projections/stale.ts"
import type { Command } from "./command.ts"
import { type Given, jobDone, jobOptions, numberFrom, runJob } from "./job.ts"

export const finishStaleCommand: Command = {
  summary: "finish active runs that have long logged nothing",
  help: `A run is finished when it is active and no gateway took anything of it in the last hours, by the gateways' clocks. 0 takes
every active run. It prints the ids.

  matyan finish-stale --timeout-hours 24 --dry-run
`,
  options: {
    "timeout-hours": { type: "string", value: "hours", says: "how long they must have been silent (24)" },
    ...jobOptions,
  },
  run: (given) => runJob(finished(given)),
}

const finished = (given: Given) =>
  Effect.flatMap(numberFrom(given, "timeout-hours", 24), (timeoutHours) =>
    jobDone(jobNames.stale, given, (options) =>
      Effect.map(finishStale({ ...options, timeoutHours }), (runs) => {
        for (const run of runs) process.stdout.write(`${run}\n`)
        process.stderr.write(`${options.dryRun ? "would finish" : "finished"} ${runs.length} runs\n`)
        return 0
      }),
    ),
  )
