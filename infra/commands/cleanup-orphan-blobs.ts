import { Effect } from "effect"
import { cleanupOrphans, type OrphansReport } from "../../projections/orphan-sweep.ts"
import type { Count } from "../../projections/orphans.ts"
import { jobNames } from "../../projections/scheduled-jobs.ts"
import type { Command } from "./command.ts"
import { type Given, jobDone, jobOptions, runJob } from "./job.ts"

export const cleanupOrphanBlobsCommand: Command = {
  summary: "remove objects that belong to no run any more",
  help: `Looks through all objects, and removes those of runs that were deleted and purged: what the control worker has left, and
what was uploaded after the deletion, once it is a day old. It prints the runs' ids.
Uploads in parts that were begun more than a week ago are given up.
Objects under ids that no run has are counted but kept, since they may be somebody else's: --unknown-runs removes them too.

  matyan cleanup-orphan-blobs --dry-run
`,
  options: {
    "unknown-runs": { type: "boolean", says: "also those under ids that no run has, once they are a day old" },
    ...jobOptions,
  },
  run: (given) => runJob(removed(given)),
}

const removed = (given: Given) =>
  jobDone(jobNames.orphans, given, (options) =>
    Effect.map(cleanupOrphans({ ...options, unknownRuns: given["unknown-runs"] === true }), (report) => {
      for (const run of report.runs) process.stdout.write(`${run}\n`)
      process.stderr.write(reported(report, options.dryRun))
      return 0
    }),
  )

const reported = ({ runs, removed, unknown, uploads }: OrphansReport, dryRun: boolean): string =>
  `${dryRun ? "would remove" : "removed"} ${said(removed)} of ${runs.length} runs\n` +
  `under ids that no run has: ${said(unknown)}\n` +
  (uploads > 0 ? `${dryRun ? "would give up" : "gave up"} ${uploads} unfinished uploads\n` : "")

const said = ({ objects, bytes }: Count): string => `${objects} objects (${bytes} bytes)`
