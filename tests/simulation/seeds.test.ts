/** Many laws at once, whatever goes wrong: docs/simulation.md. More seeds: MATYAN_SEEDS=5000. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, it } from "vitest"

it("Law 1, Law 2, Law 3, Law 9 and Law 11 hold at rest after any number of faults, for every seed", async () => {
  const seeds = process.env["MATYAN_SEEDS"] ?? "200"
  const told = await promisify(execFile)(process.execPath, ["tests/simulation/simulate.ts", "--seeds", seeds]).catch(
    (failed: { readonly stdout: string; readonly stderr: string }) => failed,
  )
  expect(told.stdout + told.stderr).toContain(`${seeds} seeds`)
  expect(told.stdout).toMatch(/ 0 failures/)
}, 3_600_000)
