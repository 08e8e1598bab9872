/** Whoever does something from outside: clients, people, operators, and what befalls an installation. */
import { Effect } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { foldAsOf } from "../../projections/as-of.ts"
import { FoldHelpers } from "../../projections/fold-helpers.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { rollback } from "../../projections/rollback.ts"
import { foldFibers } from "../support/fold-fibers.ts"
import { type LoggingClient, RunClient } from "./clients.ts"
import type { Cluster } from "./cluster.ts"
import { People, runOf } from "./people.ts"
import { clientsPerRun, type Deed, runs } from "./plan.ts"
import { poison } from "./poison.ts"
import { beginning } from "./process.ts"
import { SdkClient } from "./sdk-client.ts"

export class Town {
  readonly #cluster: Cluster
  readonly clients: readonly LoggingClient[]
  readonly people: People
  readonly uploads: { readonly run: string; readonly key: string }[] = []

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    // Each run has a client of either kind.
    this.clients = Array.from({ length: runs * clientsPerRun }, (_, i) =>
      i < runs ? new RunClient(cluster, i, runOf(i)) : new SdkClient(cluster, i, runOf(i % runs)),
    )
    this.people = new People(cluster)
  }

  get isIdle(): boolean {
    return this.people.isIdle && this.clients.every((client) => client.isIdle)
  }

  do(deed: Deed): void {
    const cluster = this.#cluster
    cluster.world.trace(`deed ${JSON.stringify(deed)}`)
    switch (deed.kind) {
      case "frame":
        return this.clients[deed.client * runs + deed.run]!.log(deed)
      case "command":
        return this.people.say(deed)
      case "read":
        return this.people.read(deed.run)
      case "upload":
        return this.#upload(runOf(deed.run), deed.path)
      case "poison":
        return poison(cluster, runOf(deed.run), deed.form)
      case "crash":
        return cluster.crash(deed.process, deed.millis)
      case "jump":
        return cluster.jump(deed.process, deed.millis)
      case "away":
      case "full":
        return cluster.weather.strike(deed.kind, deed.place, deed.millis)
      case "cut":
        return this.clients[deed.client]!.cut()
      case "freeze":
        return cluster.freeze(deed.process, deed.millis)
      case "rebalance":
        return cluster.rebalance()
      case "evict":
        return cluster.evict(deed.process)
      case "rebuild":
        return this.#operate("a rebuild", rebuild({ ...(deed.keep ? { keep: true } : {}), sliceSize: 3, leaseMillis: 3_000 }))
      case "rollback":
        return this.#operate("a rollback", rollback(null, { keep: true, sliceSize: 3, leaseMillis: 3_000 }))
      case "upgrade":
        return void cluster.makeOld()
      case "as of":
        return this.#operate("a fold as of a time", foldAsOf(positionsIn(cluster), { sliceSize: 3, leaseMillis: 3_000 }))
    }
  }

  /** An object comes to be under a run, as a client's upload does. */
  #upload(run: string, path: string): void {
    const { objects, world } = this.#cluster
    const key = `${run}/${path}`
    const modified = (beginning + world.now) / 1_000
    objects.byKey.set(key, { content: Buffer.from(path), contentType: "text/plain", modified })
    this.uploads.push({ run, key })
  }

  /** An operator's command, in a process of its own, which may crash. */
  #operate(what: string, work: Effect.Effect<unknown, unknown, BlobStore | EventLog | KeyValueStore>): void {
    const { world } = this.#cluster
    const process = this.#cluster.process("operator-0")
    const engines = this.#cluster.engines(process)
    const told = work.pipe(
      // Others fold a share of what there is, each by connections that are its own.
      Effect.provideService(FoldHelpers, foldFibers(2, this.#cluster.engines(process))),
      Effect.andThen(Effect.sync(() => world.trace(`${what} is done`))),
      Effect.catchCause((cause) => Effect.sync(() => this.#noted(what, String(cause)))),
      Effect.provideContext(engines),
    )
    void process.run(told)
  }

  #noted(what: string, why: string): void {
    this.#cluster.world.trace(`${what} fails: ${why.split("\n")[0] ?? ""}`)
    if (!typed.test(why)) this.#cluster.violate(`${what} broke: ${why}`)
  }
}

const typed = /Unavailable|TooLarge|RebuildRunning|RebuildLost|RollbackRefused|AsOfRefused/

/** Where the log ends now, as operators write it. */
const positionsIn = ({ records }: Cluster): string =>
  records
    .ends()
    .filter(({ offset }) => offset > 0)
    .map(({ topic, partition, offset }) => `${topic}/${partition}/${offset - 1}`)
    .join(",")
