/** The processes of a simulated installation: the real roles over the simulated engines. */
import { Context, Effect, Stream } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import type { EventCodec } from "../../infra/avro/codec.ts"
import { pack } from "../../projections/keys.ts"
import { foldVersion, servingGeneration } from "../../projections/subspaces.ts"
import { projectorGroup } from "../../projections/worker.ts"
import { connectBlobs, Objects } from "./blob-store.ts"
import { connectLog } from "./event-log.ts"
import { LogRecords } from "./log-records.ts"
import { connectStore } from "./key-value-store.ts"
import { type Plan, roles } from "./plan.ts"
import { Process } from "./process.ts"
import { type IngestGateway, type QueryGateway, roleOf } from "./role.ts"
import { Versions } from "./versions.ts"
import type { Weather } from "./weather.ts"
import type { World } from "./world.ts"

/** How long a member of a group may be silent before its partitions go to others, in milliseconds. */
const sessionMillis = 3_000

export class Cluster {
  readonly world: World
  readonly weather: Weather
  readonly codec: EventCodec["Service"]
  readonly records: LogRecords
  readonly versions = new Versions()
  readonly objects = new Objects()
  readonly violations: string[] = []
  readonly #plan: Plan
  readonly #running = new Map<string, Process>()
  readonly #skews = new Map<string, number>()
  readonly #queries = new Map<string, QueryGateway>()
  readonly #ingests = new Map<string, IngestGateway>()
  #started = 0

  constructor(plan: Plan, world: World, weather: Weather, codec: EventCodec["Service"]) {
    this.#plan = plan
    this.world = world
    this.weather = weather
    this.codec = codec
    this.records = new LogRecords(plan.partitions)
    for (const [name, skew] of Object.entries(plan.skews)) this.#skews.set(name, skew)
    const random = world.random("news of groups")
    this.records.group(projectorGroup).hold = (tell) => void world.after(random.next() * 1_500, tell)
    for (const role of roles) this.start(role)
  }

  get queries(): readonly QueryGateway[] {
    return [...this.#queries.values()]
  }

  get ingests(): readonly IngestGateway[] {
    return [...this.#ingests.values()]
  }

  /** Whether a read is of one view however long it takes. */
  get viewsLast(): boolean {
    return this.#plan.viewsLast
  }

  /** A gateway is ready for whoever asks it. */
  opened(name: string, gateway: QueryGateway | IngestGateway): void {
    if ("dispatch" in gateway) this.#queries.set(name, gateway)
    else this.#ingests.set(name, gateway)
  }

  /** The program is at one of the points where a crash matters, and may end there. */
  atMilestone(milestone: string): void {
    const name = this.world.current?.split("#")[0]
    if (name === undefined || !this.weather.strikesHere) return
    this.world.trace(`${name} is at: ${milestone}`)
    this.crash(name, 300)
  }

  /** Something that may never happen has happened. */
  violate(what: string): void {
    this.world.trace(`VIOLATION ${what}`)
    this.violations.push(what)
  }

  /** Starts a process of its own name, such as an operator's. */
  process(name: string): Process {
    const process = new Process(this.world, `${name}#${this.#started++}`, this.#skews.get(name) ?? 0)
    this.#running.set(name, process)
    return process
  }

  /** Starts a role, unless it runs. */
  start(name: string): void {
    if (this.#running.get(name)?.isAlive === true) return
    this.world.trace(`${name} starts`)
    const process = this.process(name)
    const work = roleOf(this, name, process).pipe(
      Effect.catchCause((cause) => Effect.sync(() => this.#ended(name, String(cause)))),
    )
    void process.run(work).catch((error: unknown) => this.violate(`${name} broke: ${String(error)}`))
  }

  /** Ends a process at once, and starts it anew after so many milliseconds where it is a role. */
  crash(name: string, millis: number): void {
    const process = this.#running.get(name)
    if (process === undefined || !process.isAlive) return
    this.world.trace(`${name} crashes`)
    process.crash()
    this.#queries.delete(name)
    this.#ingests.delete(name)
    this.world.after(sessionMillis, () => this.records.group(projectorGroup).evict(process.name))
    if (roles.includes(name) && name !== this.#plan.gone) this.world.after(millis, () => this.start(name))
  }

  /** A member's partitions go to others although it lives; it hears of it a while later. */
  evict(name: string): void {
    const process = this.#running.get(name)
    if (process?.isAlive === true) this.#evict(process, 500)
  }

  freeze(name: string, millis: number): void {
    const process = this.#running.get(name)
    if (process === undefined) return
    process.freeze(millis)
    // Its partitions go to others meanwhile, which it hears when it goes on.
    if (millis > sessionMillis) this.world.after(sessionMillis, () => process.isAlive && this.#evict(process, millis))
  }

  /** Projections as other code has left them: whoever starts folds them anew. */
  async makeOld(): Promise<void> {
    for (const name of roles.filter((role) => role.startsWith("projector"))) this.crash(name, 500)
    await Effect.runPromise(
      Effect.ignore(
        connectStore(this.versions).write(async (tx) => {
          const serving = await servingGeneration(tx)
          if (serving !== undefined) tx.set(pack(["fold_version"], serving.prefixes.marks), encodeValue(foldVersion - 1))
        }),
      ),
    )
  }

  rebalance(): void {
    this.records.group(projectorGroup).rebalance()
  }

  /** The clock of a process is set to be ahead by so many milliseconds. */
  jump(name: string, millis: number): void {
    this.#skews.set(name, millis)
    const process = this.#running.get(name)
    if (process !== undefined) process.skew = millis
  }

  /** Clocks are put right; that of the control worker goes ahead, so that what was deleted by a clock that did is due. */
  putClocksRight(): void {
    for (const role of roles) this.#skews.set(role, role === "control-0" ? 25 * 3_600_000 : 0)
    for (const [name, process] of this.#running) process.skew = this.#skews.get(name) ?? 0
  }

  /** Starts all that is to be there: but for what has gone for good, which may live on as long as it does. */
  startAll(): void {
    for (const role of roles) if (role !== this.#plan.gone) this.start(role)
  }

  /** The engines as a process reaches them. */
  engines(process: Process): Context.Context<BlobStore | EventLog | KeyValueStore> {
    return Context.empty().pipe(
      Context.add(EventLog, this.#log(process)),
      Context.add(
        KeyValueStore,
        connectStore(this.versions, {
          wire: process.wire("store", this.#plan.delay),
          trouble: this.weather.store(process.name),
          viewsLast: this.#plan.viewsLast,
        }),
      ),
      Context.add(
        BlobStore,
        connectBlobs(this.objects, { wire: process.wire("blobs", this.#plan.delay), trouble: this.weather.blobs(process.name) }),
      ),
    )
  }

  #log(process: Process): EventLog["Service"] {
    const trouble = this.weather.log(process.name)
    return connectLog(this.records, {
      codec: this.codec,
      wire: process.wire("log", this.#plan.delay),
      trouble,
      member: process.name,
    })
  }

  /** A role that ends by a fault is started again, as a supervisor does. */
  #ended(name: string, why: string): void {
    this.world.trace(`${name} ends: ${why}`)
    if (!/Unavailable|TransactionTooLarge/.test(why)) this.violate(`${name} ended: ${why}`)
    this.crash(name, 500)
  }

  #evict(process: Process, backAfter: number): void {
    this.records.group(projectorGroup).evict(process.name, (back) => void process.after(backAfter, back))
  }

  /** Everything in the log, partition by partition, as whoever reads it without trouble finds it. */
  get logged() {
    return Stream.runCollect(connectLog(this.records, { codec: this.codec }).source(new Map()))
  }
}
