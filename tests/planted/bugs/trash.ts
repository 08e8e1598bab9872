/** Deletion in two steps, and the ways back. */
import type { PlantedBug } from "../planted.ts"

const worker = "tests/unit/control-worker.test.ts"

export const trash: readonly PlantedBug[] = [
  {
    name: "tombstone not checked",
    wrong: "What a deleted run logs brings it back.",
    file: "projections/fold.ts",
    find: "if (run.tombstoned && !foldedWhenDeleted.has(event.type)) return null",
    replace: "",
    caughtBy: { seeds: 20, says: /by the model/ },
  },
  {
    name: "restore forgets an index",
    wrong: "A restored run is not found by its sequences.",
    file: "projections/trash.ts",
    find: `addEntry(rows, run.id, ["trace", indexText(String(rest[1]))])`,
    replace: "void rest",
    caughtBy: { seeds: 20, says: /Law 11/ },
  },
  {
    name: "purge of another deletion's data",
    wrong: "A purge that was stated for a former deletion clears a run that was restored and deleted again.",
    file: "projections/trash.ts",
    find: "if (stored !== undefined && deletionOf(stored).deletion === data.deletion)",
    replace: "if (stored !== undefined)",
    caughtBy: {
      test: "tests/unit/projections/stale-purge.test.ts",
      named: "a purge that was stated for a deletion",
      says: /expected \[\] to match object \[ \{ runId: 'run'/,
    },
  },
  {
    name: "objects of a new run removed",
    wrong: "Objects go though a new run of the same id stands.",
    file: "projections/orphans.ts",
    find: `if ((await standing(rows, runId)) !== "here") return ({ modified }) => modified < at`,
    replace: "if (rows !== undefined) return ({ modified }) => modified < at",
    caughtBy: {
      test: worker,
      named: "keeps the objects of a run that uses the id again",
      says: /expected \[\] to deeply equal \[ 'run\/reused\.bin' \]/,
    },
  },
]
