/** Runs any test of the quick ones with the chosen bug planted. */
import { fileURLToPath } from "node:url"
import { defineConfig, type Plugin } from "vitest/config"
import { chosenBug } from "./chosen.ts"
import { withBug } from "./planted.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const bug = chosenBug()

const plant: Plugin = {
  name: "plant",
  enforce: "pre",
  transform: (source, id) => (bug !== undefined && id === `${root}${bug.file}` ? withBug(source, bug) : undefined),
}

export default defineConfig({
  plugins: [plant],
  test: {
    root,
    include: ["tests/*.test.ts", "tests/{unit,conformance,property,fault,simulation}/**/*.test.ts"],
    setupFiles: ["tests/planted/setup.ts"],
    // As where these tests are at home: with less, a slow machine would say of a bug that its test took too long.
    testTimeout: 180_000,
    // What one bug made of a module must not be there for the next.
    fsModuleCache: false,
    maxWorkers: 1,
  },
})
