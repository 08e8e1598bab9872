/** Samples of what the machine does, and what the environment of a run is. */
import type { Book } from "./book.ts"
import type { Run } from "./run.ts"

/** Logs a sample every so many seconds, and the environment once; the answer ends that. */
export const sampleSystem = (run: Run, { platform }: Book, seconds: number): (() => void) => {
  let stop = (): void => {}
  let isOver = false
  const sample = (): void => {
    const values = platform.systemSample()
    if (values !== null) run.log(values)
    stop = platform.later(Math.max(0.1, seconds) * 1000, sample)
  }
  sample()
  platform.systemParameters().then(
    // It takes a while, and the run may be at its end by then.
    (value) => value !== null && !isOver && run.set("__system_params", value),
    () => {},
  )
  return () => {
    isOver = true
    stop()
  }
}
