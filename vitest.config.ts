import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { namedBackends, otherTests } from "./tests/support/backends.ts"

const quick = ["tests/*.test.ts", "tests/{unit,conformance,property,fault,e2e}/**/*.test.ts"]
/** What changes the process that it runs in: which client library is loaded, or what a browser would have. */
const alone = ["tests/unit/fdb-{client,missing}.test.ts", "tests/**/sdk*.test.ts"]
/** Processes of tests that stop now and then, where that is asked for. */
const execArgv = process.env["MATYAN_STALLS"] === undefined ? [] : ["--import", "./tests/support/faults/stall-preload.ts"]
/** What no test needs where two others and a server share its cores: the deadlines are there for what hangs. */
const setupFiles = "./tests/support/last-words.ts"
const quickly = { testTimeout: 180_000, hookTimeout: 120_000, execArgv, setupFiles }

export default defineConfig({
  test: {
    // Many tests wait for the disk or for processes of their own: one worker would leave half the machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      // One process runs many files, so that each module is loaded once: half of the time went into loading them.
      { test: { name: "unit", include: quick, exclude: alone, isolate: false, ...quickly } },
      { test: { name: "unit-alone", include: alone, exclude: ["tests/{full,infra,planted,simulation}/**"], ...quickly } },
      {
        test: {
          name: "full",
          include: ["tests/{full,planted,simulation}/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          execArgv,
          setupFiles,
        },
      },
      {
        test: {
          name: "infra",
          include: ["tests/infra/**/*.test.ts"],
          exclude: [...otherTests(namedBackends())],
          testTimeout: 300_000,
          // The first test that needs a server may have to fetch or build it.
          hookTimeout: 900_000,
          execArgv,
          setupFiles,
          fileParallelism: false,
        },
      },
    ],
  },
})
