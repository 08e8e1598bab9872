/**
 * Works on a data folder without a server, in a process of its own, and prints one line of JSON:
 *
 *   append <folder> <history>           appends a history to the log
 *   columnar <folder> <history>         the same while the projector's thread folds, until its checkpoint has passed all
 *   fold <folder>                       folds the whole log into the folder's store
 *   rebuild <folder>                    folds the whole log into an empty store, as `verify` does, and drops that
 *   sizes <folder>                      bytes of keys and values
 *
 * The engines are those that the environment names. A history is JSON: `{"series": {…}}`, `{"runs": 10000}` or `{"small": 100000}`.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { Position } from "../../events/index.ts"
import { settings, type Settings } from "../../infra/config.ts"
import { type Engines, readableLog, store, writableLog } from "../../infra/engines.ts"
import { foldProcesses } from "../../infra/fold-processes.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { projectorThread } from "../../infra/projector-thread.ts"
import { FoldHelpers } from "../../projections/fold-helpers.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { dumpRows } from "../../projections/dump.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp, prepare } from "../../projections/worker.ts"
import { watchMemory } from "./processes.ts"
import { type Events, runsHistory, type SeriesShape, seriesHistory, smallHistory } from "./histories.ts"

type History = { readonly series?: SeriesShape; readonly runs?: number; readonly small?: number }

const historyOf = ({ series, runs, small }: History): Iterable<Events> => {
  if (series !== undefined) return seriesHistory(series)
  return runs === undefined ? smallHistory(small ?? 0) : runsHistory(runs)
}

/** Appends with four batches under way, as four connections would. */
const appendAll = (batches: Iterable<Events>) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const left = batches[Symbol.iterator]()
    const last: Position[] = []
    const lane = Effect.gen(function* () {
      for (let next = left.next(); next.done !== true; next = left.next())
        last.push(...(yield* log.append(next.value)).slice(-50))
    })
    yield* Effect.all([lane, lane, lane, lane], { concurrency: "unbounded" })
    return last
  })

const folded = (onStore: Layer.Layer<KeyValueStore, unknown>, engines: Settings, scratch?: string) =>
  Effect.gen(function* () {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const peak = watchMemory(process.pid)
    let [events, points] = [0, 0]
    yield* catchUp({
      onFolded: (part) => {
        events += part.events
        points += part.points
      },
    })
    const { user, system } = process.cpuUsage(cpu)
    return {
      seconds: (performance.now() - start) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      events,
      points,
      peakAnonymous: peak().anonymous,
    }
  }).pipe(
    Effect.provideService(FoldHelpers, foldProcesses(engines, scratch === undefined ? {} : { scratch })),
    Effect.provide(Layer.merge(onStore, readableLog(engines))),
  )

const columnar = (engines: Settings, batches: readonly Events[]) =>
  Effect.gen(function* () {
    yield* prepare
    yield* projectorThread(engines)
    const caughtUp = yield* makeCaughtUp
    // The thread has begun when it has folded something.
    yield* caughtUp(yield* appendAll(batches.slice(0, 1)))
    const start = performance.now()
    const last = yield* appendAll(batches.slice(1))
    const durable = (performance.now() - start) / 1_000
    yield* caughtUp(last)
    return { durable, seconds: (performance.now() - start) / 1_000 }
  }).pipe(Effect.provide(Layer.merge(writableLog(engines), store(engines))))

const storedBytes = (engines: Engines) =>
  Effect.gen(function* () {
    const view = yield* makeView
    return yield* view.read(async (rows) => {
      let [count, bytes] = [0, 0]
      for await (const chunk of dumpRows(rows))
        for (const { key, value } of chunk) {
          count++
          bytes += key.length + value.length
        }
      return { rows: count, bytes }
    })
  }).pipe(Effect.provide(store(engines)))

const job = (kind: string, engines: Settings, history: History): Effect.Effect<unknown, unknown> => {
  if (kind === "append") return appendAll(historyOf(history)).pipe(Effect.as({}), Effect.provide(writableLog(engines)))
  // Made beforehand, so that making them is not measured.
  if (kind === "columnar") return Effect.scoped(columnar(engines, [...historyOf(history)]))
  if (kind === "fold") return folded(store(engines), engines)
  if (kind === "sizes") return storedBytes(engines)
  const scratch = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(engines.dataDir, "rebuild-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  )
  return Effect.scoped(Effect.flatMap(scratch, (folder) => folded(lmdbStore({ folder, temporary: true }), engines, folder)))
}

const [kind = "", dataDir = "", history = "{}"] = process.argv.slice(2)
const done = Effect.flatMap(settings, (chosen) => job(kind, { ...chosen, dataDir }, JSON.parse(history) as History))
process.stdout.write(`${JSON.stringify(await Effect.runPromise(done))}\n`)
