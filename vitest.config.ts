import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { namedBackends, otherTests } from "./tests/support/backends.ts"

export default defineConfig({
  test: {
    // Many tests wait for the disk or for processes of their own: one worker would leave half the machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/*.test.ts", "tests/{unit,conformance,property,fault,e2e}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "full",
          include: ["tests/full/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
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
          fileParallelism: false,
        },
      },
    ],
  },
})
