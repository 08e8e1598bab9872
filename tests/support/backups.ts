/** An installation of its own (log, projections, objects) to back up and to restore into. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyEvent } from "../../events/index.ts"
import { openArchive } from "../../infra/backup/archive.ts"
import { backUpLog } from "../../infra/backup/log-backup.ts"
import { openChain } from "../../infra/backup/log-chain.ts"
import { checkChain, restoreLog } from "../../infra/backup/log-restore.ts"
import { beginOutput } from "../../infra/backup/output.ts"
import { checkRuns } from "../../infra/backup/runs-archive.ts"
import { backUpRuns, type RunChoice } from "../../infra/backup/runs-backup.ts"
import { restoreRuns } from "../../infra/backup/runs-restore.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { catchUp, prepare } from "../../projections/worker.ts"
import { embeddedLog } from "./embedded-log.ts"
import { freshFolder } from "./folders.ts"

type Ports = BlobStore | EventLog | KeyValueStore

/** Runs something on the installation in a folder; opened and closed around it. */
export const onInstallation = <A, E>(folder: string, work: Effect.Effect<A, E, Ports>, partitions = 2): Promise<A> => {
  const existing = existsSync(join(folder, "log")) ? {} : { partitions }
  const ports = Layer.mergeAll(
    embeddedLog({ folder, ...existing }),
    lmdbStore({ folder: join(folder, "store") }),
    fileBlobs({ folder: join(folder, "blobs"), baseUrl: () => "" }),
  )
  return Effect.runPromise(prepare.pipe(Effect.andThen(work), Effect.provide(ports)))
}

/** Appends events as they are, and folds them. */
export const logged = (events: readonly AnyEvent[]) => EventLog.use((log) => log.append(events)).pipe(Effect.andThen(catchUp()))

/** Backs the log up into a folder; answers the backup's path. */
export const logBackup = (into: string, { since, packed = false }: { readonly since?: string; readonly packed?: boolean } = {}) =>
  Effect.gen(function* () {
    const previous = since === undefined ? [] : yield* Effect.promise(() => openChain(since, freshFolder))
    const output = yield* Effect.promise(() => beginOutput(into, "matyan-log", 0))
    yield* backUpLog({ output, previous, includeBlobs: true })
    return yield* Effect.promise(() => output.publish(packed))
  })

/** Restores a backup of the log, and folds it. */
export const logRestored = (path: string) =>
  Effect.gen(function* () {
    const links = yield* openedChain(path)
    const chain = yield* checkChain(links)
    yield* catchUp()
    const done = yield* restoreLog(chain, { skipBlobs: false, dryRun: false })
    yield* catchUp()
    return done
  }).pipe(Effect.scoped)

const openedChain = (path: string) =>
  Effect.acquireRelease(Effect.tryPromise({ try: () => openChain(path, freshFolder), catch: (error) => error }), (links) =>
    Effect.promise(() => Promise.all(links.map(({ archive }) => archive.close()))),
  )

/** Checks a backup of the log from end to end; rejects with what is wrong. */
export const logChecked = (path: string): Promise<unknown> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(openedChain(path), checkChain)))

export const runsBackup = (into: string, choice: RunChoice = {}, packed = false) =>
  Effect.gen(function* () {
    const output = yield* Effect.promise(() => beginOutput(into, "matyan-backup", 0))
    yield* backUpRuns({ output, choice, includeBlobs: true, onSamples: () => undefined })
    return yield* Effect.promise(() => output.publish(packed))
  })

export const runsRestored = (path: string) =>
  Effect.gen(function* () {
    const archive = yield* Effect.acquireRelease(
      Effect.promise(() => openArchive(path, freshFolder)),
      (opened) => Effect.promise(() => opened.close()),
    )
    const checked = yield* Effect.tryPromise({ try: () => checkRuns(archive), catch: (error) => error })
    yield* catchUp()
    const done = yield* restoreRuns(checked, { skipEntities: false, skipBlobs: false, dryRun: false })
    yield* catchUp()
    return done
  }).pipe(Effect.scoped)
