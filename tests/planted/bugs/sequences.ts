/** Points in blocks, and what is known of all of them. */
import type { PlantedBug } from "../planted.ts"

const blocks = "tests/unit/sequence-block.test.ts"

export const sequences: readonly PlantedBug[] = [
  {
    name: "block split loses a point",
    wrong: "The point at which a full block is cut is in neither half.",
    file: "projections/sequence-points.ts",
    find: "block.length = APPEND_LIMIT\n",
    replace: "block.length = APPEND_LIMIT - 1\n",
    caughtBy: {
      test: blocks,
      named: "opens a new block after 512 appended points and splits one of 1,025 into 512 and the rest",
      says: /expected \[ 511, 513 \] to deeply equal \[ 512, 513 \]/,
    },
  },
  {
    name: "equal step appended",
    wrong: "A point of a step that is there is put beside it instead of in its place.",
    file: "projections/sequence-points.ts",
    find: "if (step <= last) break",
    replace: "if (step < last) break",
    caughtBy: {
      test: blocks,
      named: "holds the same points as a map from step to point, whatever the order",
      says: /steps that do not ascend/,
    },
  },
  {
    name: "NaN counted in the extremes",
    wrong: "After a NaN the least and greatest value of a sequence are NaN.",
    file: "projections/sequences.ts",
    find: "this.#min = Number.isNaN(value) ? this.#min : value + 0",
    replace: "this.#min = value + 0",
    caughtBy: {
      test: "tests/unit/projections/extremes.test.ts",
      named: "a value that is no number",
      says: /expected \[ 2, 2 \] to deeply equal \[ 1, 2 \]/,
    },
  },
  {
    name: "steps counted from 0 after a resume",
    wrong: "Points without steps begin at 0 again with each batch.",
    file: "projections/sequences.ts",
    find: "const next = isOpen ? nextStep(last, data.values.length) : 0",
    replace: "const next = isOpen ? nextStep(undefined, data.values.length) : 0",
    caughtBy: { seeds: 20, says: /by the model/ },
  },
  {
    name: "rewind keeps the extremes",
    wrong: "After a rewind the least and greatest value are those of points that are gone.",
    file: "projections/sequences.ts",
    find: "await this.#findExtremes({ min: this.#min, max: this.#max })",
    replace: "",
    caughtBy: {
      test: "tests/unit/projections/rewinds.test.ts",
      named: "drops whole blocks, cuts the one at the boundary",
      says: /to deeply equal[^]*rewinds\.test\.ts/,
    },
  },
]
