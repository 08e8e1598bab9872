/** What must be so when a simulation has come to rest. */
import { Effect } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { positionName } from "../../domain/positions.ts"
import type { Recorded } from "../../events/index.ts"
import { asOfGenerations, asOfTarget } from "../../projections/as-of-generations.ts"
import { Rows } from "../../projections/rows.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { acknowledgedCommands, acknowledgedFrames, heard } from "./acknowledged.ts"
import type { Cluster } from "./cluster.ts"
import { linesOf, rowDifferences } from "./dumped.ts"
import { connectLog } from "./event-log.ts"
import { connectStore } from "./key-value-store.ts"
import { planDifferences } from "./law-eleven.ts"
import { modelDifferences } from "./model-reads.ts"
import { placeDifferences } from "./places.ts"
import { beginning, Process } from "./process.ts"
import { calmStore } from "./rest.ts"
import type { Town } from "./town.ts"
import { Versions } from "./versions.ts"

type Asked<A, E> = Effect.Effect<A, E, EventLog | KeyValueStore>

/** All that is not as it must be, in words. */
export const findDifferences = async (cluster: Cluster, town: Town): Promise<readonly string[]> => {
  const process = new Process(cluster.world, "oracle")
  const log = connectLog(cluster.records, { codec: cluster.codec })
  const ask = <A, E>(work: Asked<A, E>, store = calmStore(cluster)): Promise<A> =>
    settled(cluster, process.run(Effect.provideService(Effect.provideService(work, KeyValueStore, store), EventLog, log)))
  const clean = <A, E>(work: Asked<A, E>): Promise<A> => ask(work, connectStore(new Versions()))
  const batches = await settled(cluster, process.run(cluster.logged))
  const all = batches.flatMap((batch) => batch.records)
  const records = all.filter((record): record is Recorded => record.type !== "Undecodable")
  return [
    ...rowDifferences("Law 1", await ask(shown(linesOf)), await clean(Effect.andThen(catchUp(), shown(linesOf)))),
    ...acknowledgedFrames(
      records,
      town.clients.flatMap(({ sent }) => sent),
    ),
    ...acknowledgedCommands(records, town.people.sent),
    ...(await ask(modelDifferences(records))),
    ...(await ask(shown((rows) => planDifferences(rows)))),
    ...(await ask(shown((rows) => placeDifferences(rows, all)))),
    ...objectDifferences(records, cluster, town.uploads),
    ...(await asOfDifferences(ask, clean)),
  ]
}

/** The simulation goes on until the answer is there. */
const settled = async <A>(cluster: Cluster, answer: Promise<A>): Promise<A> => {
  let isOver = false
  const over = (): void => void (isOver = true)
  answer.then(over, over)
  await cluster.world.until(() => isOver, 1_000_000)
  return answer
}

const shown = <A>(body: (rows: Rows) => Promise<A>) => Effect.flatMap(makeView, (view) => view.read(body))

/** Each generation as of a time holds what a clean fold of just that part of the log does. */
const asOfDifferences = async (
  ask: <A, E>(work: Asked<A, E>) => Promise<A>,
  clean: <A, E>(work: Asked<A, E>) => Promise<A>,
): Promise<readonly string[]> => {
  const differences: string[] = []
  const all = await ask(KeyValueStore.use((store) => store.read(asOfGenerations)))
  for (const { id, ends, isComplete } of all) {
    if (!isComplete) continue
    const there = KeyValueStore.use((store) => store.read(async (tx) => linesOf(new Rows(tx, await asOfTarget(id)(tx)))))
    const cut = await clean(Effect.andThen(catchUp({ until: ends }), shown(linesOf)))
    differences.push(...rowDifferences(`as of ${[...ends].join()}`, await ask(there), cut))
  }
  return differences
}

/**
 * No object of a purged run is left from before its deletion, unless it came when its removal was stated already, or the id
 * was freed for another; and no object of a run that was never deleted is gone.
 */
const objectDifferences = (records: readonly Recorded[], { objects, weather }: Cluster, uploads: Uploads): readonly string[] => {
  const said = new Map<string, Set<string>>()
  for (const { type, data } of heard(records))
    if ("runId" in data) said.set(data.runId ?? "", (said.get(data.runId ?? "") ?? new Set()).add(type))
  const left = heard(records).flatMap((record) => {
    if (record.type !== "BlobsOrphaned" || said.get(record.data.runId)?.has("TombstoneLifted") === true) return []
    const { runId, before } = record.data
    const stated = (beginning + (weather.appendedAt.get(positionName(record.position)) ?? 0)) / 1_000
    return [...objects.byKey]
      .filter(([key, { modified }]) => key.startsWith(`${runId}/`) && modified < Math.min(before, stated))
      .map(([key]) => `${key} is left of a run that was purged`)
  })
  const lost = uploads
    .filter(({ run, key }) => said.get(run)?.has("RunCreated") === true && !objects.byKey.has(key))
    .filter(({ run }) => said.get(run)?.has("RunDeleted") !== true)
  return [...left, ...lost.map(({ key }) => `${key} is gone, though its run never was deleted`)]
}

type Uploads = Town["uploads"]
