/** `POST /runs/{id}/{type}/get-batch` and `get-step`: chosen object sequences of one run, over steps or at one. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { objectSteps, readObjects } from "../../projections/object-read.ts"
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { RunLoader } from "../../projections/search-facts.ts"
import { recordStep } from "./api-parameters.ts"
import { notFound } from "./errors.ts"
import { exactBody } from "./json-body.ts"
import type { ObjectKind } from "./object-kinds.ts"
import { itemTrees, itemWindowIn, shownRecords, usedRange, windowIn } from "./object-window.ts"
import { idIn, type StepRange } from "./parameters.ts"
import type { SearchGateway } from "./search.ts"
import { type Tree, TreeWriter } from "./stream-codec.ts"
import { clientSignal, pageBytes, sendStream, Turns } from "./streaming.ts"
import { findTrace, namedTraces } from "./traces-in-body.ts"

export const objectBatch = (gateway: SearchGateway, kind: ObjectKind) => async (request: FastifyRequest, reply: FastifyReply) => {
  const window = windowIn(request)
  const answer = async (rows: Rows, run: string, trace: TraceView): Promise<Tree | undefined> => {
    const shown = await shownRecords(rows, run, trace, window)
    if (shown === null) return undefined
    const { records, first, last } = shown
    const values = records.map((record, position): Tree => {
      const trees = itemTrees(kind, { run, trace, secret: gateway.blobSecret }, record, window)
      if (kind.isList) return trees
      // Of figures the position among those of the answer is told.
      const [tree] = trees
      return isFields(tree) && "index" in tree ? { ...tree, index: position } : (tree ?? null)
    })
    const used = [records[0]?.step ?? 0, (records.at(-1)?.step ?? -1) + 1]
    const most = Math.max(1, ...records.map(({ items }) => items.length))
    return {
      name: trace.name,
      context: trace.context,
      values,
      iters: records.map(({ step }) => step),
      record_range_used: used,
      record_range_total: [first, last + 1],
      ...itemRanges(kind, window.items, most),
    }
  }
  return sendTraces(gateway, kind, request, reply, answer)
}

export const objectStep = (gateway: SearchGateway, kind: ObjectKind) => async (request: FastifyRequest, reply: FastifyReply) => {
  const wanted = recordStep.read(request)
  const window = itemWindowIn(request)
  const answer = async (rows: Rows, run: string, trace: TraceView): Promise<Tree | undefined> => {
    const steps = await objectSteps(rows, run, trace)
    const [first, last] = [steps[0], steps.at(-1)]
    const step = wanted === -1 ? last : wanted
    if (first === undefined || last === undefined || step === undefined || step < 0 || !steps.includes(step)) return undefined
    const [record] = await readObjects(rows, run, trace, [step])
    if (record === undefined) return undefined
    return {
      name: trace.name,
      context: trace.context,
      values: itemTrees(kind, { run, trace, secret: gateway.blobSecret }, record, window),
      iters: [step],
      record_range_used: [step, step],
      record_range_total: [first, last + 1],
      ...itemRanges(kind, window.items, Math.max(1, record.items.length)),
    }
  }
  return sendTraces(gateway, kind, request, reply, answer)
}

/** Sends a tree at the root for each named sequence of the kind; 404 where there is no such run. */
const sendTraces = async (
  gateway: SearchGateway,
  kind: ObjectKind,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: (rows: Rows, run: string, trace: TraceView) => Promise<Tree | undefined>,
) => {
  const id = idIn(request)
  const asked = namedTraces(exactBody(request), "body")
  const turns = new Turns(clientSignal(reply))
  const loaded = await gateway.read((rows) => new RunLoader(rows).load(id, { attributes: false, metrics: true, tags: false }))
  if (loaded === undefined) throw notFound(`there is no run ${id}`)
  const ofKind = (loaded.traces ?? []).filter(({ dtype }) => dtype === kind.dtype)
  const traces = asked.map((name) => findTrace(ofKind, name)).filter((trace) => trace !== undefined)
  const chunks = async function* () {
    const writer = new TreeWriter(pageBytes)
    for (const trace of traces) {
      const tree = await gateway.read((rows) => answer(rows, id, trace))
      if (tree !== undefined) writer.write(tree)
      yield writer.take()
      await turns.give()
    }
  }
  return sendStream(reply, chunks())
}

const itemRanges = (kind: ObjectKind, items: StepRange, most: number): Readonly<Record<string, Tree>> => {
  const total = [0, most] as const
  return {
    index_range_used: kind.isList ? usedRange(items, total) : null,
    index_range_total: kind.isList ? total : null,
  }
}

const isFields = (tree: Tree | undefined): tree is Readonly<Record<string, Tree>> =>
  typeof tree === "object" && tree !== null && Object.getPrototypeOf(tree) === Object.prototype
