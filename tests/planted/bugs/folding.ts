/** Each event folded once, in its order, with its checkpoint: or not. */
import type { PlantedBug } from "../planted.ts"

const laws = "tests/property/folding.test.ts"

export const folding: readonly PlantedBug[] = [
  {
    name: "writers' dedupe dropped",
    wrong: "An event that stands in the log twice is folded twice.",
    file: "projections/fold.ts",
    find: "await writers.isNew(record)",
    replace: "await writers.isNew(record), true",
    caughtBy: { seeds: 20, says: /the positions of|by the model|only a clean fold|counts 2 times/ },
  },
  {
    name: "seq compared with >=",
    wrong: "The last event of a writer counts as new when it comes again.",
    file: "projections/fold.ts",
    find: "(seq === last.seq && part <= last.part)",
    replace: "(seq === last.seq && part < last.part)",
    caughtBy: { seeds: 20, says: /the positions of|by the model|only a clean fold|counts 2 times/ },
  },
  {
    name: "checkpoint before the fold",
    wrong: "The checkpoint moves in a transaction of its own, before the one that folds.",
    file: "projections/folder.ts",
    find: "return Effect.catchDefect(write(body, { divisible }), (defect) =>",
    replace: `const name = ["checkpoint", batch.topic, batch.partition]
        const ahead = write(async (rows) => {
          const known = await rows.get("marks", name)
          rows.set("marks", name, batch.next)
          return known ?? 0
        })
        const late = (known: never) =>
          write(async (rows) => {
            rows.set("marks", name, known)
            return body(rows)
          }, { divisible })
        return Effect.catchDefect(Effect.flatMap(ahead, late as never) as never, (defect) =>`,
    caughtBy: { seeds: 20, says: /Law 1|is not shown|steps back|folded from a longer log/ },
  },
  {
    name: "checkpoint not compared",
    wrong: "A batch that leaves a gap is folded.",
    file: "projections/fold.ts",
    find: 'if (first > done) return { _tag: "OutOfStep", checkpoint: done }',
    replace: "",
    caughtBy: {
      test: laws,
      named: "a gap in a partition is refused, and nothing of it is folded",
      says: /to deeply equal \{ _tag: 'OutOfStep'/,
    },
  },
  {
    name: "zombie projector not fenced",
    wrong: "What another projector has folded already is folded again, and the checkpoint goes back.",
    file: "projections/fold.ts",
    find: "if (record.position.offset < done) continue",
    replace: "",
    caughtBy: {
      test: laws,
      named: "Law 2: batches that are delivered again, whole or in part, change nothing",
      says: /Got AssertionError: expected 'runs[^]* to be 'runs/,
    },
  },
  {
    name: "fold error swallowed",
    wrong: "An event that cannot be folded is skipped, and no dead letter tells of it.",
    file: "projections/fold.ts",
    find: "if (error instanceof Unfoldable) return error.message",
    replace: "if (error instanceof Unfoldable) return null",
    caughtBy: {
      test: "tests/fault/poison.test.ts",
      named: "are dead letters with their place and reason",
      says: /to deeply equal \[ \[ 1, 'AttributesSet', 'run' \]/,
    },
  },
  {
    name: "dead letter loses its position",
    wrong: "Dead letters of all partitions are kept under the first.",
    file: "projections/dead-letters.ts",
    find: "const place = placeOf(record.position)",
    replace: "const place = placeOf({ ...record.position, partition: 0 })",
    caughtBy: {
      test: "tests/unit/projections/dead-letters.test.ts",
      named: "are listed page by page",
      says: /to have a length of 7 but got 5/,
    },
  },
  {
    name: "job slice skips a run",
    wrong: "A slice of a job leaves out its first run, as if the one before had done it.",
    file: "projections/jobs.ts",
    find: "  await follow(rows, kind, id, runs)",
    replace: "  await follow(rows, kind, id, runs.length > 1 ? runs.slice(1) : runs)",
    caughtBy: {
      test: "tests/unit/projections/idle-jobs.test.ts",
      named: "finishes renaming an experiment of many runs on an idle system",
      says: /to deeply equal \[ \[ 'after', 'run-0' \]/,
    },
  },
  {
    name: "event's time used for order",
    wrong: "A change of a run that says an earlier time than the one before it is ignored.",
    file: "projections/runs.ts",
    find: "const changed = fields.filter(([field, value]) => !sameScalar(run.meta.get(field), value))",
    replace: `if (at < (numberOf(run.meta.get("updated_at")) ?? 0)) return
  const changed = fields.filter(([field, value]) => !sameScalar(run.meta.get(field), value))`,
    caughtBy: { seeds: 20, says: /by the model/ },
  },
  {
    name: "updated_at moved by a repeat",
    wrong: "A change that changes nothing moves the time of a run's last change.",
    file: "projections/runs.ts",
    find: "if (changed.length > 0) touch(context, run, at)",
    replace: "touch(context, run, at)",
    caughtBy: {
      test: "tests/unit/projections/unchanged.test.ts",
      named: "what is said of a run again",
      says: /to deeply equal[^]*unchanged\.test/,
    },
  },
]
