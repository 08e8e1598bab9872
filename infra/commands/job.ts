/** What the commands of the control worker's jobs have in common. */
import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { Data, Effect, Layer } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import { type EventLog, LogUnavailable } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { JobOptions } from "../../projections/job-start.ts"
import { withLock } from "../../projections/locks.ts"
import { catchUp } from "../../projections/worker.ts"
import { settings } from "../config.ts"
import { blobs, readableLog, store, writableLog } from "../engines.ts"
import { type Option, runCommand } from "./command.ts"
import { settingsOfData } from "./data-folder.ts"

export type Given = Readonly<Record<string, string | boolean>>

/** What was asked for makes no sense. */
class BadOption extends Data.TaggedError("BadOption")<{ readonly message: string }> {}

/** A server writes to the embedded log, so this process cannot. */
class ServerWrites extends Data.TaggedError("ServerWrites")<{ readonly message: string }> {}

export const jobOptions: Readonly<Record<string, Option>> = {
  "dry-run": { type: "boolean", says: "only say what would be done" },
  limit: { type: "string", value: "count", says: "deal with at most so many runs" },
  "lock-ttl-seconds": {
    type: "string",
    value: "seconds",
    says: "let no other do this job meanwhile; the lock outlives a process that died by so long (0: no lock)",
  },
}

/** A number that is not negative, or the fallback where none was given. */
export const numberFrom = (given: Given, name: string, fallback: number): Effect.Effect<number, BadOption> => {
  const text = given[name]
  if (text === undefined) return Effect.succeed(fallback)
  const number = typeof text === "string" && /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(number)
    ? Effect.succeed(number)
    : Effect.fail(new BadOption({ message: `--${name} must be a number that is not negative` }))
}

/** As {@link runCommand}; answers 2 where an option makes no sense. */
export const runJob = (job: Effect.Effect<number, unknown>): Promise<number> =>
  runCommand(
    job.pipe(
      Effect.catchIf(
        (fault) => fault instanceof BadOption,
        ({ message }) =>
          Effect.sync(() => {
            process.stderr.write(`matyan: ${message}\n`)
            return 2
          }),
      ),
    ),
  )

/**
 * Does a job on the engines of the settings, under its lock, and answers the exit code. On the embedded log, whose one writer
 * it is meanwhile, it folds what it reads and what it states; a dry run writes nothing and may run beside a server.
 */
export const jobDone = <E>(
  job: string,
  given: Given,
  work: (options: JobOptions & { readonly dryRun: boolean }) => Effect.Effect<number, E, BlobStore | EventLog | KeyValueStore>,
) =>
  Effect.gen(function* () {
    const chosen = yield* settings
    if (chosen.log === "lmdb") yield* settingsOfData
    const dryRun = given["dry-run"] === true
    const limit = yield* numberFrom(given, "limit", Number.POSITIVE_INFINITY)
    const ttlSeconds = yield* numberFrom(given, "lock-ttl-seconds", 0)
    const now = () => Date.now() / 1000
    const owner = `${hostname()}, process ${process.pid}, ${randomUUID()}`
    const isAlone = chosen.log === "lmdb" && !dryRun
    const locked = withLock(job, { ttlSeconds: dryRun ? 0 : ttlSeconds, owner }, work({ dryRun, limit, now }))
    const done = isAlone
      ? catchUp().pipe(
          Effect.andThen(locked),
          Effect.tap(() => catchUp()),
        )
      : locked
    // No address is signed here, so none needs to be known.
    const others = Layer.merge(
      store(chosen),
      blobs(chosen, () => ""),
    )
    const engines = Layer.merge(dryRun ? readableLog(chosen) : writableLog(chosen), others)
    const opened = yield* Layer.build(engines).pipe(Effect.catchIf(isInUse, (fault) => serverWrites(job, fault)))
    return yield* done.pipe(Effect.provideContext(opened))
  }).pipe(Effect.scoped)

const isInUse = (fault: unknown): fault is LogUnavailable =>
  fault instanceof LogUnavailable && fault.cause instanceof Error && /writing to this folder/.test(fault.cause.message)

const serverWrites = (job: string, { cause }: LogUnavailable) =>
  Effect.fail(
    new ServerWrites({
      message:
        `${cause instanceof Error ? `${cause.message.split(";")[0]}: ` : ""}a server runs on this data folder, and nobody else can ` +
        `append to its log. It does ${job} itself at the times that are set for it (docs/jobs.md); --dry-run tells what there is to do.`,
    }),
  )
