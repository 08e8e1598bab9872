/** Writes runs with their sequences one sequence at a time, so that no run is too large to hold. */
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import type { LoadedRun, RunLoader } from "../../projections/search-facts.ts"
import type { Search, SequenceMatch } from "./search.ts"
import { paramsTree, propsTree } from "./search-tree.ts"
import type { Tree, TreeWriter } from "./stream-codec.ts"
import { pageBytes } from "./streaming.ts"

/** What is sent of one sequence; `traces` are all of the run's. */
export type SequenceTree = (rows: Rows, run: string, trace: TraceView, traces: readonly TraceView[]) => Promise<Tree>

/** A run of which a part is written. */
interface Open {
  readonly loaded: LoadedRun
  readonly sequences: readonly TraceView[]
  next: number
  written: number
}

export class SequenceParts {
  readonly #search: Search
  readonly #matches: readonly SequenceMatch[]
  readonly #skipSystem: boolean
  readonly #treeOf: SequenceTree
  readonly #tail: () => Readonly<Record<string, Tree>>
  #open: Open | undefined

  /** `tail` is what follows the fields of each run, asked for when all its sequences were written. */
  constructor(
    search: Search,
    matches: readonly SequenceMatch[],
    skipSystem: boolean,
    treeOf: SequenceTree,
    tail: () => Readonly<Record<string, Tree>> = () => ({}),
  ) {
    this.#search = search
    this.#matches = matches
    this.#skipSystem = skipSystem
    this.#treeOf = treeOf
    this.#tail = tail
  }

  /** Writes the next part of a run, and "done" when it was the last one. */
  async write(loader: RunLoader, index: number, writer: TreeWriter): Promise<"done" | "more"> {
    const match = this.#matches[index]!
    const open = (this.#open ??= await this.#begin(loader, match, writer))
    if (open === undefined) return "done"
    while (open.next < open.sequences.length) {
      if (writer.length >= pageBytes) return "more"
      const trace = open.sequences[open.next]!
      const { traces } = open.loaded
      const tree = await this.#search.orLeftOut(match.run, () => this.#treeOf(loader.rows, match.run, trace, traces ?? []))
      open.next++
      if (tree !== undefined) writer.write(tree, [match.run, "traces", open.written++])
      await this.#search.turn()
    }
    const { fields, experiment, tags } = open.loaded
    writer.write(propsTree(fields, experiment, tags ?? []), [match.run, "props"])
    for (const [name, tree] of Object.entries(this.#tail())) writer.write(tree, [match.run, name])
    this.#open = undefined
    return "done"
  }

  async #begin(loader: RunLoader, { run, isMatch }: SequenceMatch, writer: TreeWriter): Promise<Open | undefined> {
    const loaded = await loader.load(run, { attributes: true, system: !this.#skipSystem, metrics: true, tags: true })
    if (loaded === undefined) return undefined
    writer.write(paramsTree(loaded.attributes ?? new Map(), this.#skipSystem), [run, "params"])
    writer.write([], [run, "traces"])
    return { loaded, sequences: (loaded.traces ?? []).filter(isMatch), next: 0, written: 0 }
  }
}
