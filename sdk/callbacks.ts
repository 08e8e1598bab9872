/** Callbacks for the training loops of other libraries, by their shape alone: none of these libraries is needed here. */
import type { Run } from "./run.ts"

/** What TensorFlow.js tells of an epoch or a batch: values by their names. */
type Logs = Readonly<Record<string, number>>

/** What of a TensorFlow.js training is logged, and where. */
export interface TfjsOptions {
  /** Logs every so many batches as well, as `batch_loss` and so on; none unless told. */
  readonly everyBatches?: number
  /** What tells this training apart from others of the run. */
  readonly context?: Readonly<Record<string, unknown>>
}

/** As TensorFlow.js takes them: `model.fit(x, y, { callbacks: tfjsCallback(run) })`. */
export interface TfjsCallback {
  readonly onEpochBegin: (epoch: number) => void
  readonly onEpochEnd: (epoch: number, logs?: Logs) => void
  readonly onBatchEnd: (batch: number, logs?: Logs) => void
}

/**
 * Logs the values of each epoch at the step of its number, from 0: `loss` and `acc` in the context `{ subset: "train" }`, `val_loss`
 * and `val_acc` under the same names in `{ subset: "val" }`. The run goes on when the training ends.
 */
export const tfjsCallback = (run: Pick<Run, "log">, { everyBatches = 0, context }: TfjsOptions = {}): TfjsCallback => {
  let epoch = 0
  let batches = 0
  return {
    onEpochBegin: (begun) => {
      epoch = begun
    },
    onEpochEnd: (step, logs = {}) => {
      for (const [subset, values] of Object.entries(bySubset(logs)))
        run.log(values, { step, epoch: step, context: { ...context, subset } })
    },
    onBatchEnd: (_batch, { batch: _number, size: _samples, ...logs } = {}) => {
      batches++
      if (everyBatches < 1 || batches % everyBatches !== 0) return
      const values = Object.fromEntries(Object.entries(logs).map(([name, value]) => [`batch_${name}`, value]))
      run.log(values, { step: batches - 1, epoch, context: { ...context, subset: "train" } })
    },
  }
}

const bySubset = (logs: Logs): Readonly<Record<string, Record<string, number>>> => {
  const subsets: Record<string, Record<string, number>> = {}
  for (const [name, value] of Object.entries(logs)) {
    const isValidation = name.startsWith("val_")
    const values = (subsets[isValidation ? "val" : "train"] ??= {})
    values[isValidation ? name.slice(4) : name] = value
  }
  return subsets
}

/** What of a brain.js training is logged, and where. */
export interface BrainOptions {
  /** Logs every so many iterations: 10 unless told, as brain.js itself does. */
  readonly period?: number
  readonly context?: Readonly<Record<string, unknown>>
}

/** As brain.js takes them: `net.train(data, { ...brainCallback(run), iterations: 2000 })`. */
export interface BrainCallback {
  readonly callback: (status: { readonly iterations: number; readonly error: number }) => void
  readonly callbackPeriod: number
}

/** Logs the `error` of a brain.js training at the step of its iteration. Its own `log` and `logPeriod` stay free. */
export const brainCallback = (run: Pick<Run, "log">, { period = 10, context }: BrainOptions = {}): BrainCallback => ({
  callback: ({ iterations, error }) => run.log({ error }, { step: iterations, ...(context === undefined ? {} : { context }) }),
  callbackPeriod: period,
})
