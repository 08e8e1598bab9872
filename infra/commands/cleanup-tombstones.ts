import { Effect } from "effect"
import { jobNames } from "../../projections/scheduled-jobs.ts"
import { cleanupTombstones } from "../../projections/tombstones.ts"
import type { Command } from "./command.ts"
import { type Given, jobDone, jobOptions, numberFrom, runJob } from "./job.ts"

export const cleanupTombstonesCommand: Command = {
  summary: "free the ids of runs that were deleted long ago",
  help: `Lifts the tombstones of deleted runs of which neither data nor objects are left. From then on a client that still logs
under such an id begins a new run. It prints the ids. Runs in the trash are kept, however long ago they were deleted.

  matyan cleanup-tombstones --older-than-hours 168 --dry-run
`,
  options: {
    "older-than-hours": { type: "string", value: "hours", says: "how long ago they must have been deleted (168)" },
    ...jobOptions,
  },
  run: (given) => runJob(lifted(given)),
}

const lifted = (given: Given) =>
  Effect.flatMap(numberFrom(given, "older-than-hours", 168), (olderThanHours) =>
    jobDone(jobNames.tombstones, given, (options) =>
      Effect.map(cleanupTombstones({ ...options, olderThanHours }), (runs) => {
        for (const run of runs) process.stdout.write(`${run}\n`)
        process.stderr.write(`${options.dryRun ? "would lift" : "lifted"} ${runs.length} tombstones\n`)
        return 0
      }),
    ),
  )
