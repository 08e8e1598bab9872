/** The control worker as the settings want it. */
import { Effect } from "effect"
import { type ControlMeter } from "../../projections/control-meter.ts"
import { controlWorker } from "../../projections/control-worker.ts"
import type { Settings } from "../config.ts"

/** Works for ever; ends only by interruption. */
export const controlRole = (settings: Settings, meter: ControlMeter) =>
  Effect.suspend(() =>
    controlWorker({
      ...meter,
      trashHours: settings.trashHours,
      scanEverySeconds,
      now: () => Date.now() / 1000,
      jobs: {
        finishStaleEvery: settings.finishStaleEvery,
        staleAfter: settings.staleAfter,
        orphanBlobsEvery: settings.orphanBlobsEvery,
        tombstonesEvery: settings.tombstonesEvery,
        tombstonesOlderThan: settings.tombstonesOlderThan,
      },
    }),
  )

const scanEverySeconds = 30
