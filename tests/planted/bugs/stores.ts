/** The embedded engines: what is durable, and what is one transaction. */
import type { PlantedBug } from "../planted.ts"

export const stores: readonly PlantedBug[] = [
  {
    name: "acknowledged before the flush",
    wrong: "A group of appends is answered before its commit has ended.",
    file: "infra/lmdb/group-commit.ts",
    find: "await this.#options.beforeDurable()",
    replace: "void this.#options.beforeDurable()",
    caughtBy: {
      test: "tests/fault/held-back-flush.test.ts",
      named: "Law 9: while the flush is held back",
      says: /expected \[ \{ status: 'ok', error: null \}/,
    },
  },
  {
    name: "commit not awaited",
    wrong: "A group of appends is answered as soon as lmdb has been asked to commit it.",
    file: "infra/lmdb/group-commit.ts",
    find: "await gate.passing(",
    replace: "void gate.passing(",
    caughtBy: {
      test: "tests/unit/lmdb-log.test.ts",
      named: "a commit that fails is LogUnavailable for its append",
      says: /to match object \[ \{ offset: \+0 \} \]/,
    },
  },
  {
    name: "commits beside the gate",
    wrong: "A commit does not wait while another process opens the file.",
    file: "infra/lmdb/gate.ts",
    find: "return this.#isHeld ? act() : this.#holding(act)",
    replace: "return act()",
    caughtBy: {
      test: "tests/fault/lmdb-openers.test.ts",
      named: "Law 9: each commit finds what the last one left (overlapping sync: true)",
      says: /expected \d+ to be \d+|MDB_PROBLEM/,
    },
  },
  {
    name: "body's second run keeps the first's writes",
    wrong: "A transaction that is run again after a conflict still has what it staged before.",
    file: "infra/lmdb/key-value-store.ts",
    find: "const transaction = new StagedTransaction(snapshot, new Staging(), this.#limit)",
    replace:
      "const kept = (body as { staging?: Staging }).staging ??= new Staging()\n      const transaction = new StagedTransaction(snapshot, kept, this.#limit)",
    caughtBy: {
      test: "tests/unit/lmdb-second-run.test.ts",
      named: "Law 6: what a body staged is forgotten",
      says: /expected \[ 'first', 'read', 'second' \]/,
    },
  },
  {
    name: "conflict not noticed",
    wrong: "A transaction commits though another has changed what it read.",
    file: "infra/lmdb/commit.ts",
    find: "if (countOf(counter) !== seen && !reads.holdsIn(db)) return ABORT",
    replace: "",
    caughtBy: {
      test: "tests/conformance/key-value-store.lmdb.test.ts",
      named: "a body whose reads another connection overtook runs again and sees them",
      says: /expected \[ '1' \] to deeply equal \[ '1', '2' \]/,
    },
  },
  {
    name: "row behind a read range not noticed",
    wrong: "A transaction commits though another has put a row at the end of a range that it had read to its end.",
    file: "infra/lmdb/read-record.ts",
    find: "limit: rows.length + (isWhole ? 1 : 0)",
    replace: "limit: rows.length",
    caughtBy: {
      test: "tests/unit/lmdb-other-commits.test.ts",
      named: "comes out as if it had come after it",
      says: /Property failed/,
    },
  },
]
