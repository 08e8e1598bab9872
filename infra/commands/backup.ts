import { Clock, Effect, Layer } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { microsOfText } from "../../domain/time.ts"
import { openChain } from "../backup/log-chain.ts"
import { backUpLog } from "../backup/log-backup.ts"
import { backUpRuns, type RunChoice } from "../backup/runs-backup.ts"
import { beginOutput, type Output } from "../backup/output.ts"
import { blobs, readableLog, store } from "../engines.ts"
import type { Settings } from "../config.ts"
import { type Command, runCommand } from "./command.ts"
import { settingsOfData } from "./data-folder.ts"
import { steadyProgress } from "./steady-progress.ts"

export const backupCommand: Command = {
  summary: "write the runs, or the log itself, into a folder or a .tar.gz",
  help: `Writes matyan-backup-YYYYMMDD-HHMMSS into the folder OUT, in the reference's format 1: what the projections hold of the runs,
their objects, and what belongs to the project. With --log it writes matyan-log-YYYYMMDD-HHMMSS: every event as it is, from which
all can be folded again, with history, trash and ids. Either may run beside a server, and is put down whole or not at all.

  matyan backup /backups --experiment baseline --compress
  matyan backup /backups --log
  matyan backup /backups --log --since-backup /backups/matyan-log-20260101-000000
`,
  words: "OUT",
  options: {
    runs: { type: "string", value: "a,b", says: "only these runs" },
    experiment: { type: "string", value: "name", says: "only the runs of this experiment" },
    since: { type: "string", value: "ISO time", says: "only the runs created since" },
    "include-blobs": { type: "boolean", says: "with the objects (the default)" },
    "no-blobs": { type: "boolean", says: "without the objects" },
    compress: { type: "boolean", says: "as one .tar.gz" },
    log: { type: "boolean", says: "the log itself" },
    "since-backup": { type: "string", value: "path", says: "with --log: only what is new since this backup" },
    quiet: { type: "boolean", says: "print no progress" },
  },
  run: async (options, words) => {
    const problem = problemOf(options, words)
    if (problem === null) return runCommand(backedUp(options, words[0]!))
    process.stderr.write(`matyan: ${problem}\n`)
    return 2
  },
}

type Given = Readonly<Record<string, string | boolean>>

const problemOf = (given: Given, words: readonly string[]): string | null => {
  if (words.length !== 1 || words[0] === "") return "backup takes one folder to write into"
  const isLog = given["log"] === true
  if (isLog && ["runs", "experiment", "since"].some((name) => name in given))
    return "--log writes all there is; it takes no choice of runs"
  if (!isLog && "since-backup" in given) return "--since-backup goes with --log"
  if ("include-blobs" in given && "no-blobs" in given) return "--include-blobs and --no-blobs are of no use together"
  if (choiceOf(given).runs?.length === 0) return "--runs names no run"
  const { since } = given
  return typeof since === "string" && Number.isNaN(microsOfText(since)) ? `--since ${since} is no time in ISO 8601` : null
}

const backedUp = (given: Given, folder: string) =>
  Effect.gen(function* () {
    const chosen = yield* settingsOfData
    const includeBlobs = given["no-blobs"] !== true
    const prefix = given["log"] === true ? "matyan-log" : "matyan-backup"
    const now = yield* Clock.currentTimeMillis
    const output = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => beginOutput(folder, prefix, now), catch: asError }),
      (begun) => Effect.promise(() => begun.discard()),
    )
    const objects = blobs(chosen, () => "")
    const out = given["quiet"] === true ? null : process.stderr
    yield* given["log"] === true
      ? logBackedUp(chosen, output, { previous: given["since-backup"], includeBlobs, out }).pipe(
          Effect.provide(Layer.merge(readableLog(chosen), objects)),
        )
      : runsBackedUp(output, { choice: choiceOf(given), includeBlobs, out }).pipe(
          Effect.provide(Layer.merge(store(chosen), objects)),
        )
    const path = yield* Effect.tryPromise({ try: () => output.publish(given["compress"] === true), catch: asError })
    process.stdout.write(`${path}\n`)
    return 0
  }).pipe(Effect.scoped, Effect.mapError(plainly))

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))

/** A full disk in words that tell what is left. */
const plainly = (fault: unknown): unknown =>
  fault instanceof Error && /ENOSPC|EDQUOT/.test(fault.message)
    ? new Error("there is no room left to write the backup; what was written of it is removed")
    : fault

/** The filters are exclusive, in this order, as the reference has it. */
const choiceOf = ({ runs, experiment, since }: Given): RunChoice => {
  if (typeof runs === "string")
    return {
      runs: runs
        .split(",")
        .map((run) => run.trim())
        .filter((run) => run !== ""),
    }
  if (typeof experiment === "string") return { experiment }
  return typeof since === "string" ? { since } : {}
}

interface LogAsked {
  readonly previous: string | boolean | undefined
  readonly includeBlobs: boolean
  readonly out: NodeJS.WritableStream | null
}

const logBackedUp = (chosen: Settings, output: Output, { previous, includeBlobs, out }: LogAsked) =>
  Effect.gen(function* () {
    const chain =
      typeof previous === "string"
        ? yield* Effect.tryPromise({ try: () => openChain(previous, () => chosen.dataDir), catch: asError })
        : []
    const ends = yield* (yield* EventLog).ends
    const before = chain.at(-1)?.manifest.partitions.reduce((sum, { to }) => sum + to, 0) ?? 0
    const progress = steadyProgress(out, "events", ends.reduce((sum, { offset }) => sum + offset, 0) - before)
    const onRecords = ({ records }: { readonly records: readonly unknown[] }) => progress.did(records.length)
    const { events, undecodable, blobs: count } = yield* backUpLog({ output, previous: chain, includeBlobs, onRecords })
    progress.done()
    out?.write(`${events} events, ${undecodable} undecodable records, ${count} objects\n`)
  })

interface RunsAsked {
  readonly choice: RunChoice
  readonly includeBlobs: boolean
  readonly out: NodeJS.WritableStream | null
}

const runsBackedUp = (output: Output, { choice, includeBlobs, out }: RunsAsked) =>
  Effect.gen(function* () {
    const progress = steadyProgress(out, "samples")
    const { run_hashes: runs, blob_count: count } = yield* backUpRuns({ output, choice, includeBlobs, onSamples: progress.did })
    const missing = choice.runs?.find((run) => !runs.includes(run))
    if (missing !== undefined) yield* Effect.fail(new Error(`there is no run ${missing}, so no backup was made`))
    progress.done()
    out?.write(`${runs.length} runs, ${count} objects\n`)
  })
