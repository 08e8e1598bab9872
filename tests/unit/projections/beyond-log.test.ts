/** A store is not taken for one of a log that it was not folded from. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../../domain/ports/event-log.ts"
import type { AnyEvent } from "../../../events/index.ts"
import { lmdbStore } from "../../../infra/lmdb/key-value-store.ts"
import { partitionsBeyondLog } from "../../../projections/beyond-log.ts"
import { deadLetters } from "../../../projections/dead-letters.ts"
import { makeView } from "../../../projections/view.ts"
import { catchUp } from "../../../projections/worker.ts"
import { embeddedLog } from "../../support/embedded-log.ts"
import { stamped } from "../../support/folding.ts"
import { freshFolder } from "../../support/folders.ts"

const notes = (count: number): readonly AnyEvent[] =>
  Array.from({ length: count }, (_, i) => stamped({ type: "NoteDeleted", data: { id: `n${i}` } }, 1))

/** What cannot be folded: ids that no key can hold. */
const unfoldable = (count: number): readonly AnyEvent[] =>
  Array.from({ length: count }, (_, i) => {
    const name = "x".repeat(5_000)
    return stamped({ type: "ReportCreated", data: { id: `${name}${i}`, name, code: "", description: "" } }, 1)
  })

/** A log that holds these events, for programs on a store of its own folder. */
const onLog = async (events: readonly AnyEvent[], store: string) => {
  const engines = Layer.merge(embeddedLog({ folder: freshFolder() }), lmdbStore({ folder: join(store, "store") }))
  return <A, E>(body: Effect.Effect<A, E, Layer.Success<typeof engines>>): Promise<A> =>
    Effect.runPromise(
      EventLog.use((log) => log.append(events)).pipe(Effect.andThen(body), Effect.scoped, Effect.provide(engines)),
    )
}

const beyond = partitionsBeyondLog
const folded = catchUp().pipe(Effect.andThen(beyond))

it("says nothing of a store that holds nothing yet, or was folded from the log", async () => {
  expect(await (await onLog(notes(3), freshFolder()))(beyond)).toEqual([])
  expect(await (await onLog(notes(40), freshFolder()))(folded)).toEqual([])
})

it("names a partition that is shorter than what was folded of it", async () => {
  const store = freshFolder()
  await (
    await onLog(notes(5), store)
  )(folded)
  expect(await (await onLog(notes(4), store))(beyond)).toEqual(["control-events/0"])
})

it("names a partition that holds other events than those that were folded", async () => {
  const store = freshFolder()
  await (
    await onLog(notes(5), store)
  )(folded)
  expect(await (await onLog(notes(5), store))(beyond)).toEqual(["control-events/0"])
  expect(await (await onLog(notes(50), store))(beyond)).toEqual(["control-events/0"])
})

it("holds nothing against a log of which all that was folded became dead letters", async () => {
  const run = await onLog(unfoldable(2), freshFolder())
  const letters = Effect.flatMap(makeView, (view) => view.read((rows) => deadLetters(rows)))
  expect(await run(folded.pipe(Effect.andThen(Effect.all([beyond, letters]))))).toMatchObject([[], [{}, {}]])
})
