/**
 * Looks at everything that these settings need, and says what to do where something is wrong. It changes nothing, but that
 * a registry learns our schemas from whoever comes first.
 */
import { constants, existsSync } from "node:fs"
import { access, statfs } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Exit, Layer, type Scope } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { isLoopback, type Settings } from "../config.ts"
import { blobs, confluentOptions, readableLog, store } from "../engines.ts"
import { frontierUrlOf } from "../roles/gateways.ts"
import { advice } from "./advice.ts"
import { type Finding, looked, skipped } from "./findings.ts"
import { lookAtLog, lookAtProjections, lookAtRegistry } from "./looks.ts"

/** Everything, in the order in which it had best be mended. */
export const examine = (settings: Settings): Effect.Effect<readonly Finding[], never, Scope.Scope> =>
  Effect.gen(function* () {
    const found: Finding[] = [node(), yield* folder(settings), exposure(settings)]
    if (usesFolder(settings) && !existsSync(settings.dataDir)) return found
    if (settings.registry === "confluent")
      found.push(yield* looked("registry", lookAtRegistry(confluentOptions(settings)), advice.registry))
    const log = yield* opened(readableLog(settings), EventLog)
    const kept = yield* opened(store(settings), KeyValueStore)
    const objects = yield* opened(
      blobs({ ...settings, s3CreateBucket: false }, () => frontierUrlOf(settings)),
      BlobStore,
    )
    found.push(
      yield* looked("log", Effect.flatMap(log, lookAtLog), advice.log[settings.log]),
      yield* looked(
        "store",
        Effect.flatMap(kept, (port) =>
          Effect.as(
            port.read((tx) => tx.directories([])),
            settings.store,
          ),
        ),
        advice.store[settings.store],
      ),
      yield* looked(
        "objects",
        Effect.flatMap(objects, (port) => Effect.as(port.check, port.uriOf(""))),
        advice.blobs[settings.blobs],
      ),
    )
    if (found.some(({ what, state }) => state === "broken" && (what === "log" || what === "store")))
      return [...found, skipped("projections", "the log and the store come first")]
    const looks = lookAtProjections.pipe(
      Effect.provideServiceEffect(EventLog, log),
      Effect.provideServiceEffect(KeyValueStore, kept),
    )
    return [...found, yield* looked("projections", looks, advice.projections)]
  })

/** The port that a layer makes, kept open until the scope closes; a layer that fails does so each time it is asked. */
const opened = <I, S, E>(
  layer: Layer.Layer<I, E>,
  port: Context.Key<I, S>,
): Effect.Effect<Effect.Effect<S, E>, never, Scope.Scope> =>
  Effect.map(Effect.exit(Layer.build(layer).pipe(Effect.timeout("15 seconds"))), (exit) =>
    Exit.isSuccess(exit) ? Effect.succeed(Context.get(exit.value, port)) : Effect.failCause(exit.cause),
  ) as Effect.Effect<Effect.Effect<S, E>, never, Scope.Scope>

const node = (): Finding => {
  const [major = 0] = process.versions.node.split(".").map(Number)
  const says = `${process.version} on ${process.platform} ${process.arch}`
  return major >= 24 ? { what: "node", state: "ok", says } : { what: "node", state: "broken", says, advice: advice.node }
}

const usesFolder = ({ log, store, blobs, registry }: Settings): boolean =>
  log === "lmdb" || store === "lmdb" || blobs === "files" || registry === "embedded"

const folder = (settings: Settings): Effect.Effect<Finding> => {
  const { dataDir } = settings
  if (!usesFolder(settings)) return Effect.succeed({ what: "data folder", state: "ok", says: "none is needed" })
  if (!existsSync(dataDir))
    return Effect.succeed({ what: "data folder", state: "doubt", says: `${dataDir} is not there yet`, advice: advice.noFolder })
  const look = Effect.tryPromise({
    try: async () => {
      await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
      const { bavail, bsize } = await statfs(dataDir)
      const free = bavail * bsize
      const says = `${join(dataDir)}, ${(free / 2 ** 30).toFixed(1)} GiB free`
      return free < 2 ** 30 ? ({ state: "doubt", says, advice: advice.full } as const) : says
    },
    catch: (error) => error,
  })
  return looked("data folder", look, advice.folder)
}

const exposure = ({ host, insecure, store: kind, blobSecret }: Settings): Finding => {
  const what = "exposure"
  if (kind === "fdb" && blobSecret === undefined)
    return { what, state: "broken", says: "BLOB_URI_SECRET is not set", advice: advice.secret }
  if (isLoopback(host)) return { what, state: "ok", says: `listens at ${host}, for this machine only` }
  const says = `listens at ${host}, where others reach it, and there is no authentication`
  return { what, state: insecure ? "doubt" : "broken", says, advice: advice.open }
}
