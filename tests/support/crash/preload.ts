/**
 * To be loaded before the program: ends its process, as by `kill -9`, when any of its threads comes to a milestone for the
 * how manyeth time `MATYAN_CRASH_AT` says, such as `log: before commit#3`.
 */
import { writeSync } from "node:fs"
import { onMilestone } from "../../../domain/milestones.ts"

const [, point, count = "1"] = /^(.*?)(?:#(\d+))?$/.exec(process.env["MATYAN_CRASH_AT"] ?? "") ?? []
let left = Number(count)

onMilestone((milestone) => {
  if (milestone !== point || --left > 0) return
  writeSync(2, `crash at ${milestone}\n`)
  process.kill(process.pid, "SIGKILL")
  // Nothing after this point may be done, whatever the signal takes.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
