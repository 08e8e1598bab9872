/** Rows by which runs are found, and the names of what they belong to. */
import type { PlantedBug } from "../planted.ts"

const names = "tests/unit/projections/claimed-names.test.ts"

export const indexes: readonly PlantedBug[] = [
  {
    name: "index row forgotten on rename",
    wrong: "The runs of a renamed experiment are found by its former name only.",
    file: "projections/entities.ts",
    find: "if (shown !== name) await queueJob(context, kind, id)",
    replace: "",
    caughtBy: {
      test: "tests/unit/projections/idle-jobs.test.ts",
      named: "finishes renaming an experiment of many runs",
      says: /expected \[ \[ 'before', 'run-0' \]/,
    },
  },
  {
    name: "index row left on archive",
    wrong: "An archived run is still found among those that are not.",
    file: "projections/runs.ts",
    find: "removeEntry(context.rows, run.id, [index, !value])",
    replace: "",
    caughtBy: { seeds: 20, says: /Law 11/ },
  },
  {
    name: "reverse index row forgotten",
    wrong: "An index entry has no mirror under its run, so nobody removes it with the run.",
    file: "projections/run-index.ts",
    find: `rows.setBytes("indexes", ["_rev", run, ...entry, run], empty)`,
    replace: "",
    caughtBy: { seeds: 20, says: /Law 1|by the model/ },
  },
  {
    name: "largest id bears a claimed name",
    wrong: "Of several entities that runs claim a name for, the name leads to the largest id.",
    file: "projections/entities.ts",
    find: `const [smallest] = await rows.under("own", ["named", kind, name], { limit: 1 })`,
    replace: `const smallest = (await rows.under("own", ["named", kind, name])).at(-1)`,
    caughtBy: { test: names, named: "of several ids that runs claim one name for", says: /expected 'c' to be 'a'/ },
  },
  {
    name: "last to be folded bears a claimed name",
    wrong: "A name that runs claim leads to the entity whose claim was folded last.",
    file: "projections/entities.ts",
    find: `rows.setBytes("own", ["named", kind, name, id], empty)
  await pointName(rows, kind, name)`,
    replace: `rows.setBytes("own", ["named", kind, name, id], empty)
  rows.set("system", [\`\${table(kind)}_by_name\`, name], id)`,
    caughtBy: { test: names, named: "of several ids that runs claim one name for", says: /expected 'c' to be 'a'/ },
  },
  {
    name: "fold reads a count",
    wrong: "A fold reads how many runs a tag has, so partitions that are folded at once wait for each other.",
    file: "projections/entities.ts",
    find: `if (await hasRow(rows, kind, id)) rows.add("own", countKey(kind, id), change)`,
    replace: `if (await hasRow(rows, kind, id)) rows.add("own", countKey(kind, id), (await countOf(rows, kind, id)) < 0 ? 0 : change)`,
    caughtBy: {
      test: "tests/unit/projections/run-counts.test.ts",
      named: "lets batches of two partitions be folded at once",
      says: /expected \{ bodies: 2/,
    },
  },
  {
    name: "plan leaves out a union",
    wrong: "A comparison with a number looks in one of its ranges only.",
    file: "domain/query/plan.ts",
    find: `    if (found === undefined) return undefined
    ranges.push(...found)`,
    replace: `    if (found === undefined) return undefined
    ranges.push(...found.slice(0, 1))`,
    caughtBy: {
      test: "tests/property/query.test.ts",
      named: "every comparison of a parameter with a literal is answered exactly by its ranges",
      says: /run\.hparams\.x == 0: expected false to be true/,
    },
  },
]
