/** A log with its projections in a fresh folder: what a rebuild, a retry and a discard are tried on. */
import { join } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyFact, Position } from "../../events/index.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { dumpRows, rowText } from "../../projections/dump.ts"
import type { Rows } from "../../projections/rows.ts"
import { verify } from "../../projections/verify.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "./embedded-log.ts"
import { stamped } from "./folding.ts"
import { freshFolder } from "./folders.ts"

type Over<S> = (layer: Layer.Layer<S, unknown>) => Layer.Layer<S, unknown>

/** Runs a test on a log and a store of its own; either may be wrapped. */
export const onProjections = <A, E>(
  test: Effect.Effect<A, E, EventLog | KeyValueStore | Scope.Scope>,
  {
    log = (layer) => layer,
    store = (layer) => layer,
  }: { readonly log?: Over<EventLog>; readonly store?: Over<KeyValueStore> } = {},
): Promise<A> => {
  const folder = freshFolder()
  const ports = Layer.merge(log(embeddedLog({ folder, partitions: 2 })), store(lmdbStore({ folder: join(folder, "store") })))
  return Effect.runPromise(test.pipe(Effect.provide(ports), Effect.scoped))
}

let writers = 0

/** Appends facts, each by a writer of its own. */
export const append = (facts: readonly AnyFact[]) =>
  EventLog.use((log) => log.append(facts.map((fact) => stamped(fact, 1, { writer: `w${writers++}` }))))

/** All projected rows as text. */
export const projected = Effect.flatMap(makeView, (view) => view.read((rows) => textOf(rows)))

/** Those of a generation that ends at some positions. */
export const projectedAsOf = (id: number) => Effect.flatMap(makeView, (view) => view.readAsOf(id, (rows) => textOf(rows)))

const textOf = async (rows: Rows): Promise<string> => {
  const lines: string[] = []
  for await (const chunk of dumpRows(rows)) lines.push(...chunk.map(rowText))
  return lines.join("\n")
}

const emptyStore = Effect.map(Layer.build(Layer.suspend(() => lmdbStore({ folder: freshFolder(), temporary: true }))), (built) =>
  Context.get(built, KeyValueStore),
)

/** What a clean fold of the log into an empty store gives. */
export const foldedClean = Effect.flatMap(emptyStore, (scratch) =>
  catchUp().pipe(Effect.andThen(projected), Effect.provideService(KeyValueStore, scratch)),
)

/** What `verify` finds. */
export const verified = Effect.flatMap(emptyStore, verify)

export const named = (runId: string, name: string): AnyFact => ({ type: "RunRenamed", data: { runId, name } })

export const discardOf = ({ topic, partition, offset }: Position): AnyFact => ({
  type: "DeadLetterDiscarded",
  data: { topic, partition, offset, reason: "of no use" },
})
