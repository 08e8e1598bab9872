/** Images, audios, texts, distributions, figures and custom objects: one row per column and step. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { float } from "../domain/value.ts"
import type { FoldContext } from "./context.ts"
import type { Projector } from "./projector.ts"
import { nextStep, openTrace } from "./traces.ts"

export const objects = {
  ObjectLogged: async ({ data, meta }, context) => {
    // What is no value could be stored but never read again, so it is found before anything is.
    decodeValue(data.value)
    const run = await context.existingRun(data.runId, meta.at)
    const trace = await openTrace(context, run, data, data.context, data.dtype)
    const step = data.step ?? nextStep(trace.lastStep)
    const sample: Sample = { step, value: data.value, at: meta.at, epoch: data.epoch }
    await setSample(context, [run.id, "seqs", data.contextId, data.name], trace.lastStep, sample)
    if (trace.fields.get("dtype") !== data.dtype) trace.set("dtype", data.dtype)
    trace.reach(step)
  },
} satisfies Projector

interface Sample {
  readonly step: number
  /** msgpack */
  readonly value: Uint8Array
  /** Unix seconds. */
  readonly at: number
  readonly epoch: number | null
}

/** Sets all columns of a sequence at one step; nothing where the value stands there already. `last` is the last step before. */
export const setSample = async (
  context: FoldContext,
  sequence: readonly (string | number)[],
  last: number | undefined,
  { step, value, at, epoch }: Sample,
): Promise<void> => {
  const { rows } = context
  if (last !== undefined && step <= last) {
    const [stored, storedEpoch] = await Promise.all([
      rows.bytes("runs", [...sequence, "val", step]),
      rows.get("runs", [...sequence, "epoch", step]),
    ])
    if (stored !== undefined && Buffer.compare(stored, value) === 0 && (storedEpoch ?? null) === epoch) return
    rows.clearAll("runs", [...sequence, "val", step])
    rows.clear("runs", [...sequence, "epoch", step])
  }
  rows.setBytes("runs", [...sequence, "val", step], value)
  rows.setBytes("runs", [...sequence, "step", step], encodeValue(step))
  rows.set("runs", [...sequence, "time", step], float(at))
  if (epoch !== null) rows.set("runs", [...sequence, "epoch", step], epoch)
}
