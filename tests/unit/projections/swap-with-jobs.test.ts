import { Effect, Stream } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../../domain/ports/key-value-store.ts"
import type { AnyFact } from "../../../events/index.ts"
import { besideTarget, openBeside } from "../../../projections/beside.ts"
import { makeFolder } from "../../../projections/folder.ts"
import { swapIn } from "../../../projections/generations.ts"
import { catchUp } from "../../../projections/worker.ts"
import { append, foldedClean, onProjections, projected } from "../../support/projected.ts"

const experimentId = "exp"
const joins = (runId: string): AnyFact => ({ type: "RunExperimentSet", data: { runId, experimentId, name: "before" } })
const renaming: AnyFact = { type: "ExperimentRenamed", data: { id: experimentId, from: "before", name: "after" } }

it("a rebuild does not take over while runs have yet to follow a renamed experiment", () =>
  onProjections(
    Effect.gen(function* () {
      const [log, store] = [yield* EventLog, yield* KeyValueStore]
      yield* append([...Array.from({ length: 7 }, (_, i) => joins(`run-${i}`)), renaming])
      yield* catchUp()
      yield* store.write(async (tx) => openBeside(tx, "owner", 0))
      const folder = yield* makeFolder({ sliceSize: 2, target: besideTarget("owner") })
      const batches = yield* Stream.runCollect(log.source(new Map()))
      // The runs first, so that the rename finds more of them than fit one slice.
      for (const topic of ["data-ingestion", "control-events"])
        for (const batch of batches.filter((one) => one.topic === topic)) yield* folder.fold(batch)
      const swap = store.write(async (tx) => swapIn(tx, "owner", 2, { replacedAt: 0, until: null }))
      expect(yield* swap).toBe("behind")
      yield* folder.settle
      expect(yield* swap).toBe("swapped")
      expect(yield* projected).toBe(yield* foldedClean)
    }),
  ))
