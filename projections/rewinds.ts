/** A run goes back to a step: what its metrics and objects hold above it is dropped (docs/history.md). */
import { blobs } from "./run-summaries.ts"
import type { FoldContext, RunState } from "./context.ts"
import type { Tuple } from "./keys.ts"
import type { Projector } from "./projector.ts"
import type { Rows, WritableRows } from "./rows.ts"
import { indexText, removeEntry } from "./run-index.ts"
import { touch } from "./runs.ts"
import { MetricSequence } from "./sequences.ts"
import { traceSummaryOf } from "./trace-summary.ts"
import { kindOf, removeTrace, type SequenceId, type SequenceKind, storedTrace, type Trace } from "./traces.ts"

export const rewinds = {
  RunRewound: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    await context.settle(run)
    // What this batch knew of the sequences is no longer so.
    run.sequences.clear()
    run.traces.clear()
    const dropsPoints = await dropPoints(context, run, data.step)
    const dropsArtifacts = await dropArtifacts(context, run.id, data.step)
    if (dropsPoints || dropsArtifacts) touch(context, run, meta.at)
  },
} satisfies Projector

const dropPoints = async (context: FoldContext, run: RunState, step: number): Promise<boolean> => {
  const { rows } = context
  const [above, within] = await sequencesAbove(rows, run.id, step)
  const gone = new Set<string>()
  const left = new Set(within.map(({ name }) => indexText(name)))
  for (const { kind, ...id } of above) {
    const sequence = [run.id, "seqs", id.contextId, id.name]
    const isLeft = (await rows.between("runs", [...sequence, "step"], [], [step + 1], { limit: 1 })).length > 0
    ;(isLeft ? left : gone).add(indexText(id.name))
    if (isLeft) await cut(context, await storedTrace(context, run, id), { kind, run: run.id, step })
    else {
      rows.clearUnder("runs", sequence)
      removeTrace(rows, run.id, id)
    }
  }
  // In another context the name may go on.
  for (const name of gone) if (!left.has(name)) removeEntry(rows, run.id, ["trace", name])
  return above.length > 0
}

interface Above extends SequenceId {
  readonly kind: SequenceKind
}

/** The metrics and objects of a run that go beyond a step, and all other sequences. */
const sequencesAbove = async (rows: Rows, run: string, step: number) => {
  const above: Above[] = []
  const within: SequenceId[] = []
  for await (const chunk of rows.eachUnder("own", ["trace", run]))
    for (const { rest, bytes } of chunk) {
      const [contextId, name] = rest as readonly [number, string]
      const { dtype, lastStep } = traceSummaryOf(bytes)
      const kind = kindOf(dtype)
      const isAbove = (kind === "metric" || kind === "object") && lastStep > step
      if (isAbove) above.push({ kind, contextId, name })
      else within.push({ contextId, name })
    }
  return [above, within] as const
}

interface Cut {
  readonly kind: SequenceKind
  readonly run: string
  readonly step: number
}

const cut = async (context: FoldContext, trace: Trace, { kind, run, step }: Cut): Promise<void> => {
  if (kind === "metric") await new MetricSequence(context, run, trace).cut(step)
  else await cutObjects(context.rows, [run, "seqs", trace.id.contextId, trace.id.name], trace, step)
  trace.flush()
}

const cutObjects = async (rows: WritableRows, sequence: Tuple, trace: Trace, step: number): Promise<void> => {
  for (const column of ["val", "step", "time", "epoch"]) rows.clearFrom("runs", [...sequence, column], [step + 1])
  const [last] = await rows.between("runs", [...sequence, "step"], [], null, { reverse: true, limit: 1 })
  trace.set("last_step", Number(last!.rest[0]))
}

/** Forgets the files of images and audios above a step: `seq/<sequence>/<step>.<format>`. They stay in the blob store with the run. */
const dropArtifacts = async ({ rows }: FoldContext, run: string, step: number): Promise<boolean> => {
  const root = [run, "attrs", blobs]
  const paths = new Set<string>()
  for (const { rest } of await rows.between("runs", root, ["seq/"], ["seq0"])) {
    const path = String(rest[0])
    const stepText = /^seq\/.+\/(-?\d+)(?:\.[^/]*)?$/.exec(path)?.[1]
    if (stepText !== undefined && Number(stepText) > step) paths.add(path)
  }
  for (const path of paths) rows.clearUnder("runs", [...root, path])
  return paths.size > 0
}
