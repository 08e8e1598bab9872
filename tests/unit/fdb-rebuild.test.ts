/** Reads of FoundationDB that outlast their view while a rebuild takes the place of what they read. */
import { Effect, Exit, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"
import { freshFolder } from "../support/folders.ts"
import { stamped } from "../support/folding.ts"

/** More than one chunk. */
const count = 600

/** How many runs a long read finds, while after its first chunk the view grows old and something happens. */
const runsRead = (meanwhile: (grow: () => void) => Effect.Effect<void, unknown, Layer.Success<ReturnType<typeof engines>>>) => {
  const { cluster, clusterFile } = standInCluster()
  return Effect.gen(function* () {
    const log = yield* EventLog
    yield* log.append(
      Array.from({ length: count }, (_, i) => stamped({ type: "RunRenamed", data: { runId: `r${i}`, name: "x" } }, 1)),
    )
    yield* catchUp()
    const view = yield* makeView
    const context = yield* Effect.context<Layer.Success<ReturnType<typeof engines>>>()
    let isFirst = true
    return yield* view.read(async (rows) => {
      let runs = 0
      for await (const chunk of rows.eachUnder("indexes", ["created_at"])) {
        runs += chunk.length
        if (isFirst) {
          isFirst = false
          await Effect.runPromiseWith(context)(meanwhile(() => cluster.advance(6_000)))
        }
      }
      return runs
    })
  }).pipe(Effect.provide(engines(clusterFile)), Effect.runPromiseExit)
}

const engines = (clusterFile: string) => Layer.merge(embeddedLog({ folder: freshFolder() }), fdbStore({ clusterFile }))

it("a long read goes on in a newer view", async () => {
  expect(await runsRead((grow) => Effect.sync(grow))).toEqual(Exit.succeed(count))
})

it("a long read begins anew where a rebuild removed the rest of what it reads, rather than to end early", async () => {
  expect(await runsRead((grow) => Effect.andThen(rebuild(), Effect.sync(grow)))).toEqual(Exit.succeed(count))
})
