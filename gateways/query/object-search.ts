/** `GET /runs/search/{images,texts,distributions,audios,figures}`: objects by run and step. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { float } from "../../domain/value.ts"
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import type { ObjectKind } from "./object-kinds.ts"
import { itemTrees, shownRecords, usedRange, type Window, windowIn } from "./object-window.ts"
import * as parameters from "./api-parameters.ts"
import { Search, type SearchGateway, type SequenceMatch } from "./search.ts"
import { answerWith, pagesOf, Progress } from "./search-pages.ts"
import { SequenceParts } from "./search-parts.ts"
import { queryIn } from "./search-query.ts"
import type { Tree } from "./stream-codec.ts"

/** Everything is refused, and everything found, before the first byte is sent. */
export const objectSearch =
  (gateway: SearchGateway, kind: ObjectKind) => async (request: FastifyRequest, reply: FastifyReply) => {
    const window = windowIn(request)
    const skipSystem = parameters.skipSystem.read(request)
    const progress = new Progress(parameters.reportProgress.read(request))
    const search = new Search(gateway, queryIn(request, kind.name, gateway.clock()), request, reply)
    const pages = (matches: readonly SequenceMatch[]) => {
      const shown = new RunRanges(kind, window)
      const parts = new SequenceParts(
        search,
        matches,
        skipSystem,
        (rows, run, trace) => sequenceTree(rows, run, trace, shown, gateway.blobSecret),
        () => ({ ranges: shown.take() }),
      )
      return pagesOf(search, {
        runs: matches.map(({ run }) => run),
        write: (loader, i, writer) => parts.write(loader, i, writer),
        after: (writer, i) => progress.lateFrame(writer, i + 1, matches.length),
        end: (writer) => progress.frame(writer, 0, 0),
      })
    }
    const finding = search.sequences(({ dtype }) => dtype === kind.dtype)
    return answerWith(reply, search, progress, finding, pages)
  }

const sequenceTree = async (rows: Rows, run: string, trace: TraceView, ranges: RunRanges, secret: string): Promise<Tree> => {
  const { kind, window } = ranges
  const shown = await shownRecords(rows, run, trace, window)
  if (shown !== null) ranges.include(shown.first, shown.last)
  const records = shown?.records ?? []
  const values = records.map((record) => {
    ranges.includeItems(record.items.length)
    const trees = itemTrees(kind, { run, trace, secret }, record, window)
    return kind.isList ? trees : (trees[0] ?? null)
  })
  return {
    name: trace.name,
    context: trace.context,
    values,
    iters: records.map(({ step }) => step),
    epochs: records.map(({ epoch }) => epoch),
    timestamps: records.map(({ time }) => (time === null ? null : float(time))),
  }
}

/** Between which steps and positions the objects of one run lie; gathered over its sequences, taken at its end. */
class RunRanges {
  readonly kind: ObjectKind
  readonly window: Window
  #first = Infinity
  #last = -Infinity
  #items = 1

  constructor(kind: ObjectKind, window: Window) {
    this.kind = kind
    this.window = window
  }

  include(first: number, last: number): void {
    this.#first = Math.min(this.#first, first)
    this.#last = Math.max(this.#last, last)
  }

  includeItems(count: number): void {
    this.#items = Math.max(this.#items, count)
  }

  take(): Tree {
    const records = this.#last < this.#first ? ([0, 0] as const) : ([this.#first, this.#last + 1] as const)
    const items = [0, this.#items] as const
    this.#first = Infinity
    this.#last = -Infinity
    this.#items = 1
    return {
      record_range_total: records,
      record_range_used: usedRange(this.window.records, records),
      ...(this.kind.isList ? { index_range_total: items, index_range_used: usedRange(this.window.items, items) } : {}),
    }
  }
}
