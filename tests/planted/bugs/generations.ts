/** Rebuilds beside, swaps and folds of a part of the log. */
import type { PlantedBug } from "../planted.ts"

const rebuilding = "tests/unit/projections/rebuild.test.ts"

export const generations: readonly PlantedBug[] = [
  {
    name: "swap without comparing checkpoints",
    wrong: "A rebuild takes over though projectors have folded more than it has.",
    file: "projections/generations.ts",
    find: 'if ((reached.get(partition) ?? 0) < offset) return "behind"',
    replace: "void offset",
    caughtBy: { test: rebuilding, named: "is not swapped in before it holds all that serves", says: /to be 'behind'/ },
  },
  {
    name: "swap while jobs are left",
    wrong: "A rebuild takes over though runs do not follow their renamed experiment yet.",
    file: "projections/generations.ts",
    find: 'if (await hasJobs(beside)) return "behind"',
    replace: "",
    caughtBy: {
      test: "tests/unit/projections/swap-with-jobs.test.ts",
      named: "a rebuild does not take over while",
      says: /expected 'swapped' to be 'behind'/,
    },
  },
  {
    name: "rebuild forgets discards",
    wrong: "What an operator has discarded is folded by a rebuild.",
    file: "projections/rebuild.ts",
    find: "yield* folder.learnDiscards",
    replace: "",
    caughtBy: { test: rebuilding, named: "that is discarded stays out for ever", says: /expected 3 to be less than 3/ },
  },
  {
    name: "torn rebuild swapped in",
    wrong: "A rebuild takes over though the log has discarded what it has folded.",
    file: "projections/generations.ts",
    find: 'if (await isTorn(beside, reached)) return "torn"',
    replace: "",
    caughtBy: {
      test: rebuilding,
      named: "that is discarded after a rebuild has folded it makes that rebuild begin anew",
      says: /expected \[ 1 \] to deeply equal \[ 1, \+0 \]/,
    },
  },
  {
    name: "generation pointer cached for ever",
    wrong: "Whoever has once read which generation serves goes on with it after a swap.",
    file: "projections/subspaces.ts",
    find: "if (pointer?.id === cached.id) return",
    replace: "if (pointer?.id !== -1) return",
    caughtBy: { seeds: 20, says: /does not come to rest|Law 1/ },
  },
  {
    name: "swap done twice",
    wrong: "A swap of which the store could not tell whether it was done is done once more.",
    file: "projections/generations.ts",
    find: 'if (serving.id === id) return "swapped"',
    replace: "",
    caughtBy: { test: rebuilding, named: "is not swapped in before it holds all that serves", says: /RebuildLost/ },
  },
  {
    name: "as-of off by one",
    wrong: "A fold to a position leaves out the event at it.",
    file: "projections/as-of-cut.ts",
    find: "until.set(name, offset + 1)",
    replace: "until.set(name, offset)",
    caughtBy: {
      test: "tests/property/generations.test.ts",
      named: "Law 1: what is folded as of a time or positions",
      says: /the log ends before what was asked for/,
    },
  },
]
