/** Where what we store differs from the reference, each with its reason. */

interface Difference {
  readonly why: string
  readonly is: (step: number, key: string, ours: string | undefined, theirs: string | undefined) => boolean
}

const text = (key: string): string => Buffer.from(key.slice(key.indexOf(" ") + 1), "hex").toString("latin1")
const has = (key: string, space: string, ...parts: readonly string[]): boolean =>
  key.startsWith(`${space} `) && parts.every((part) => text(key).includes(`\x02${part}\0`))

export const differences: readonly Difference[] = [
  {
    why: "Decision 7: the points of a metric stand in blocks, so only the first point has rows of its own (their content is tested apart).",
    is: (_, key) => has(key, "runs", "seqs", "loss") || has(key, "runs", "seqs", "step_time"),
  },
  {
    why: "Mending 11: the trace of a metric has real aggregates, in rows that the reference does not have.",
    is: (_, key, ours, theirs) =>
      theirs === undefined &&
      ours !== undefined &&
      has(key, "runs", "traces") &&
      ["first", "min", "max"].some((field) => has(key, "runs", field)),
  },
  {
    why: "Our own indexes and notes of the fold stand in a directory of their own.",
    is: (_, key) => key.startsWith("own "),
  },
  {
    why: "The number of an entity's runs is only added to, in our own directory: partitions that are folded at once share it.",
    is: (_, key, ours) => ours === undefined && has(key, "system", "run_count"),
  },
  {
    why: "Tags set over REST are also written below the run, as those set by a client are (laws: REST tags also write it).",
    is: (step, key) => [33, 34, 37].includes(step) && has(key, "runs", "tags"),
  },
  {
    why: "Decision 3: a change to what is so already changes nothing, not even updated_at.",
    is: (step, key, ours) => step === 31 && ours === undefined && has(key, "runs", "meta", "updated_at"),
  },
  {
    why: "Mending 9: a renamed tag is renamed in the index too.",
    is: (step, key, _, theirs) => step === 35 && theirs === undefined && has(key, "indexes", "tag"),
  },
  {
    why: "Decision 6: RunDeleted hides the run at once, with its tombstone and without its entries; its data waits in the trash.",
    is: (step, key) => (step === 59 || step === 60) && (key.startsWith("indexes ") || has(key, "runs", "meta")),
  },
]

export const isDecided = (step: number, key: string, ours: string | undefined, theirs: string | undefined): boolean =>
  differences.some(({ is }) => is(step, key, ours, theirs))
