import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Data, Effect, Layer } from "effect"
import { LogUnavailable } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { FoldHelpers } from "../../projections/fold-helpers.ts"
import { servingGeneration } from "../../projections/subspaces.ts"
import { catchUp, prepare } from "../../projections/worker.ts"
import { type Archive, openArchive } from "../backup/archive.ts"
import { chainTo } from "../backup/log-chain.ts"
import { logFormat, manifestIn } from "../backup/log-manifest.ts"
import { checkChain, type Restored, restoreLog } from "../backup/log-restore.ts"
import { checkRuns } from "../backup/runs-archive.ts"
import { restoreRuns } from "../backup/runs-restore.ts"
import type { Settings } from "../config.ts"
import { settings } from "../config.ts"
import { foldProcesses } from "../fold-processes.ts"
import { lmdbStore } from "../lmdb/key-value-store.ts"
import { blobs, readableLog, store, writableLog } from "../engines.ts"
import { type Command, runCommand } from "./command.ts"
import { foldProgress } from "./progress.ts"
import { steadyProgress } from "./steady-progress.ts"

export const restoreCommand: Command = {
  summary: "put a backup back, by replay through the log",
  help: `PATH is what matyan backup wrote (either kind, a folder or a .tar.gz), or a backup of format 1 by the reference or its client.
It is checked from end to end before anything is appended. What the log has already is known by its numbers, so that a restore that
was cut short goes on when it is begun again, and one that is repeated changes nothing. An increment needs those before it in the same
folder. On the embedded log stop the server first; on Kafka it runs beside.

  matyan restore /backups/matyan-backup-20260101-000000.tar.gz --dry-run
`,
  words: "PATH",
  options: {
    "dry-run": { type: "boolean", says: "check it, and only say what would be done" },
    "skip-entities": { type: "boolean", says: "format 1: leave out experiments, tags, dashboards, reports, notes" },
    "skip-blobs": { type: "boolean", says: "leave out the objects" },
    quiet: { type: "boolean", says: "print no progress" },
  },
  run: async (given, words) => {
    if (words.length === 1 && words[0] !== "") return runCommand(restored(words[0]!, asked(given)))
    process.stderr.write("matyan: restore takes the path of one backup\n")
    return 2
  },
}

interface Asked {
  readonly dryRun: boolean
  readonly skipEntities: boolean
  readonly skipBlobs: boolean
  readonly out: NodeJS.WritableStream | null
}

const asked = (given: Readonly<Record<string, string | boolean>>): Asked => ({
  dryRun: given["dry-run"] === true,
  skipEntities: given["skip-entities"] === true,
  skipBlobs: given["skip-blobs"] === true,
  out: given["quiet"] === true ? null : process.stderr,
})

/** A server writes to the embedded log, so this process cannot. */
class ServerWrites extends Data.TaggedError("ServerWrites")<{ readonly message: string }> {}

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, Error> =>
  Effect.tryPromise({ try: act, catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause))) })

const restored = (path: string, options: Asked) =>
  Effect.gen(function* () {
    const chosen = yield* settings
    const isNew = chosen.log === "lmdb" && !existsSync(join(chosen.dataDir, "log"))
    // Said before a large archive is looked through.
    if (chosen.log === "lmdb" && !isNew && !options.dryRun)
      yield* Layer.build(writableLog(chosen)).pipe(Effect.scoped, Effect.catchIf(isInUse, serverWrites))
    // A dry run makes nothing, not even an empty installation; what there would be is told by one that is thrown away.
    const scratch = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "matyan-restore-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
    )
    const target = options.dryRun && isNew ? { ...chosen, dataDir: scratch } : chosen
    const scratchOf = () => (existsSync(chosen.dataDir) ? chosen.dataDir : scratch)
    const work = yield* checkedWork(path, scratchOf, options)
    const done = yield* onEngines(target, options.dryRun && !isNew, options, work, scratch)
    process.stdout.write(report(done, options.dryRun))
    return 0
  }).pipe(Effect.scoped)

/** What is to be done with an archive, once all of it is sound. */
const checkedWork = (path: string, scratch: () => string, options: Asked) =>
  Effect.gen(function* () {
    const archive = yield* opened(() => openArchive(path, scratch))
    const manifest = yield* attempt(() => manifestIn(archive))
    if (manifest["format"] !== logFormat) {
      const checked = yield* attempt(() => checkRuns(archive))
      options.out?.write(`${checked.runs.length} runs with ${checked.samples} samples; the archive is sound\n`)
      const progress = steadyProgress(options.out, "events")
      return restoreRuns(checked, { ...options, onEvents: progress.did })
    }
    const links = yield* attempt(() => chainTo(archive, path, scratch))
    yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all(links.slice(0, -1).map((link) => link.archive.close()))))
    const chain = yield* checkChain(links)
    const events = links.reduce((sum, { manifest: one }) => sum + one.events, 0)
    options.out?.write(`${events} events in ${links.length} backups; they are sound\n`)
    const progress = steadyProgress(options.out, "events", events)
    return restoreLog(chain, { ...options, onEvents: progress.did })
  })

const opened = (open: () => Promise<Archive>) =>
  Effect.acquireRelease(attempt(open), (archive) => Effect.promise(() => archive.close()))

type Work = Effect.Success<ReturnType<typeof checkedWork>>

const onEngines = (chosen: Settings, isReadOnly: boolean, options: Asked, work: Work, scratch: string) =>
  Effect.gen(function* () {
    const others = Layer.merge(
      store(chosen),
      blobs(chosen, () => ""),
    )
    const engines = Layer.merge(isReadOnly ? readableLog(chosen) : writableLog(chosen), others)
    const context = yield* Layer.build(engines).pipe(Effect.catchIf(isInUse, serverWrites))
    const isAlone = chosen.log === "lmdb" && !isReadOnly
    const folded = Effect.suspend(() => {
      const progress = foldProgress(options.dryRun ? null : options.out)
      return catchUp({ onFolded: progress.folded }).pipe(
        Effect.provideService(FoldHelpers, foldProcesses(chosen)),
        Effect.tap(() => Effect.sync(progress.done)),
      )
    })
    const done = isAlone
      ? catchUp().pipe(
          Effect.andThen(work),
          Effect.tap(() => folded),
        )
      : isReadOnly
        ? whereFolded(work, scratch)
        : Effect.andThen(prepare, work)
    return yield* Effect.provideContext(done, context)
  })

/** What the log has is known by what is folded of it; where nothing is, it is folded into a store that is thrown away. */
const whereFolded = (work: Work, scratch: string) =>
  Effect.gen(function* () {
    const serving = yield* KeyValueStore.use((there) => there.read(servingGeneration))
    if (serving !== undefined) return yield* work
    const aside = yield* Layer.build(lmdbStore({ folder: join(scratch, "store") }))
    return yield* Effect.provideContext(Effect.andThen(catchUp(), work), aside)
  })

const isInUse = (fault: unknown): fault is LogUnavailable =>
  fault instanceof LogUnavailable && fault.cause instanceof Error && /writing to this folder/.test(fault.cause.message)

const serverWrites = ({ cause }: LogUnavailable) =>
  Effect.fail(
    new ServerWrites({
      message:
        `${cause instanceof Error ? `${cause.message.split(";")[0]}: ` : ""}a server runs on this data folder, and nobody else can ` +
        "append to its log. Stop it, restore, and start it again; --dry-run tells what there is to do meanwhile.",
    }),
  )

const report = ({ appended, known, blobs: put, knownBlobs, leftOut }: Restored, dryRun: boolean): string =>
  [
    dryRun ? "nothing was changed; a restore" : "the restore",
    ` ${dryRun ? "would append" : "appended"} ${appended} events (${known} were there) and put ${put} objects`,
    ` (${knownBlobs} were there)\n`,
    ...leftOut.map((line) => `left out: ${line}\n`),
  ].join("")
