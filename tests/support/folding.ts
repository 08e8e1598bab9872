/** Folds events straight into a store, batch by batch: what the laws are stated over. */
import { Effect, type Layer, ManagedRuntime } from "effect"
import type { Topic } from "../../events/define.ts"
import type { AnyEvent, AnyFact, Recorded } from "../../events/index.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { type DumpedRow, dumpRows, rowText } from "../../projections/dump.ts"
import { foldBatch, type FoldOutcome } from "../../projections/fold.ts"
import { runSlice } from "../../projections/jobs.ts"
import { Rows, WritableRows } from "../../projections/rows.ts"
import { createGeneration } from "../../projections/subspaces.ts"
import { freshFolder } from "./folders.ts"

export interface Bed {
  readonly fold: (
    partition: { topic: Topic; partition: number },
    records: readonly Recorded[],
    sliceSize?: number,
  ) => Promise<FoldOutcome>
  /** Does all jobs that are left. */
  readonly settle: (sliceSize?: number) => Promise<void>
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Promise<A>
  readonly dump: () => Promise<readonly DumpedRow[]>
  readonly text: () => Promise<string>
  readonly close: () => Promise<void>
}

/** A store with its first generation, in a fresh folder; `over` may wrap the adapter. */
export const bed = async (
  over: (layer: Layer.Layer<KeyValueStore, unknown>) => Layer.Layer<KeyValueStore, unknown> = (layer) => layer,
): Promise<Bed> => {
  const runtime = ManagedRuntime.make(over(lmdbStore({ folder: freshFolder() })))
  const store = await runtime.runPromise(Effect.flatMap(KeyValueStore, Effect.succeed))
  const write = <A>(body: Parameters<typeof store.write<A>>[0]) => runtime.runPromise(store.write(body))
  const read = <A>(body: (rows: Rows) => Promise<A>): Promise<A> =>
    write(async (tx) => body(new Rows(tx, await createGeneration(tx))))
  const dump = () =>
    read(async (rows) => {
      const all: DumpedRow[] = []
      for await (const chunk of dumpRows(rows)) all.push(...chunk)
      return all
    })
  return {
    fold: ({ topic, partition }, records, sliceSize) =>
      write(async (tx) =>
        foldBatch(
          tx,
          await createGeneration(tx),
          { topic, partition, records, next: records.at(-1)!.position.offset + 1 },
          sliceSize,
        ),
      ),
    settle: async (sliceSize) => {
      while (await write(async (tx) => runSlice(new WritableRows(tx, await createGeneration(tx)), sliceSize)));
    },
    read,
    dump,
    text: async () => (await dump()).map(rowText).join("\n"),
    close: () => runtime.dispose(),
  }
}

let made = 0

/** A fact as an event, with metadata that no other has. */
export const stamped = (fact: AnyFact, at: number, meta: Partial<AnyEvent["meta"]> = {}): AnyEvent => {
  made += 1
  const full = {
    id: `event-${made}`,
    at,
    serverTime: at,
    project: "00000000",
    actor: "test",
    cause: null,
    writer: `writer-${made}`,
    seq: 0,
    part: 0,
    ...meta,
  }
  // Each fact of the union becomes the event of its own type.
  return { ...fact, meta: full } as AnyEvent
}

/** Events of one partition as records from an offset on. */
export const recorded = (topic: Topic, partition: number, events: readonly AnyEvent[], first = 0): readonly Recorded[] =>
  events.map((event, i) => ({ ...event, position: { topic, partition, offset: first + i } }) as Recorded)

/** A state as text, without the rows that tell where records stand: those tell apart logs that differ in order or repeats alone. */
export const withoutPositions = (text: string): string =>
  text
    .split("\n")
    .filter((row) => !row.includes('["positions",'))
    .join("\n")
