/** A job is done although nothing more comes; else `dump` and `verify`, which wait for it, would never end. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../../domain/ports/event-log.ts"
import { lmdbStore } from "../../../infra/lmdb/key-value-store.ts"
import { makeCaughtUp } from "../../../projections/caught-up.ts"
import { hasJobs } from "../../../projections/jobs.ts"
import { makeView } from "../../../projections/view.ts"
import { prepare, project } from "../../../projections/worker.ts"
import { embeddedLog } from "../../support/embedded-log.ts"
import { stamped } from "../../support/folding.ts"
import { freshFolder } from "../../support/folders.ts"
import { until } from "../../support/wait.ts"

it("finishes renaming an experiment of many runs on an idle system", async () => {
  const folder = freshFolder()
  const runs = Array.from({ length: 9 }, (_, i) => `run-${i}`)
  const indexedAs = Effect.gen(function* () {
    const log = yield* EventLog
    yield* prepare
    const view = yield* makeView
    const caughtUp = yield* makeCaughtUp
    yield* Effect.forkScoped(project({ sliceSize: 2 }))
    const append = (events: Parameters<typeof log.append>[0]) => Effect.flatMap(log.append(events), caughtUp)
    yield* append(
      runs.map((runId) => stamped({ type: "RunExperimentSet", data: { runId, experimentId: "e", name: "before" } }, 1)),
    )
    yield* append([stamped({ type: "ExperimentRenamed", data: { id: "e", from: "before", name: "after" } }, 2)])
    const ask = () => Effect.runPromise(view.read(hasJobs))
    yield* Effect.promise(() => until("the job", ask, (left) => !left, 30))
    return yield* view.read((rows) => rows.under("indexes", ["experiment"]))
  })
  const engines = Layer.merge(embeddedLog({ folder }), lmdbStore({ folder: join(folder, "store") }))
  const entries = await Effect.runPromise(indexedAs.pipe(Effect.scoped, Effect.provide(engines)))
  expect(entries.map(({ rest }) => rest)).toEqual(runs.map((run) => ["after", run]))
})
