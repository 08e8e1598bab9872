/**
 * Gateways side by side on one log and one store, each with names of its own, moved by hand: an append reaches the log, an
 * event is folded, a gateway reads a control event, each only when it is told to. What is moved is the real code.
 */
import { Context, Effect, Exit, ManagedRuntime } from "effect"
import type { Command } from "../../domain/commands.ts"
import type { NameKind } from "../../domain/names.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { Topic } from "../../events/define.ts"
import { type AnyEvent, type AnyFact, catalog, type Position, type Recorded } from "../../events/index.ts"
import type { Outcome } from "../../gateways/dispatch.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { idByName, nameOf } from "../../projections/entities.ts"
import { foldBatch } from "../../projections/fold.ts"
import { Rows } from "../../projections/rows.ts"
import { createGeneration } from "../../projections/subspaces.ts"
import { stamped } from "./folding.ts"
import { freshFolder } from "./folders.ts"
import { type Landing, SteeredGateway } from "./steered-gateway.ts"

/** A command and what came of it; `unknown` where the log did not say whether it has it. */
export interface Told {
  readonly command: Command
  readonly cause: string
  readonly outcome: Outcome | "unknown"
}

/** What the store showed of a name right after an event about it. */
export interface Shown {
  readonly name: string | undefined
  readonly idByName: string | undefined
}

const topics = ["control-events", "data-ingestion"] as const

export class SideBySide {
  readonly log: Readonly<Record<Topic, Recorded[]>> = { "control-events": [], "data-ingestion": [] }
  readonly told: Told[] = []
  /** By the offset of a control event. */
  readonly shownAfter = new Map<number, Shown>()
  readonly #folded: Record<Topic, number> = { "control-events": 0, "data-ingestion": 0 }
  readonly #runtime: ManagedRuntime.ManagedRuntime<KeyValueStore, unknown>
  readonly #store: KeyValueStore["Service"]
  readonly #gateways: SteeredGateway[] = []
  #made = 0

  static async of(gateways: number): Promise<SideBySide> {
    const runtime = ManagedRuntime.make(lmdbStore({ folder: freshFolder() }))
    const made = new SideBySide(runtime, await runtime.runPromise(KeyValueStore.use(Effect.succeed)))
    await made.read(async () => undefined)
    for (let i = 0; i < gateways; i++) made.#gateways.push(made.#boot())
    return made
  }

  private constructor(runtime: ManagedRuntime.ManagedRuntime<KeyValueStore, unknown>, store: KeyValueStore["Service"]) {
    this.#runtime = runtime
    this.#store = store
  }

  read<A>(body: (rows: Rows) => Promise<A>): Promise<A> {
    return Effect.runPromise(this.#store.write(async (tx) => body(new Rows(tx, await createGeneration(tx)))))
  }

  /** Sends a command to a gateway, unless one is under way there. */
  async send(gateway: number, command: Command): Promise<void> {
    const one = this.#gateways[gateway]!
    if (one.isBusy) return
    const cause = `command-${this.#made++}`
    await one.begin(command, cause, (ending) => {
      const outcome = Exit.isSuccess(ending) ? ending.value : "unknown"
      this.told.push({ command, cause, outcome })
    })
  }

  async land(gateway: number, landing: Landing): Promise<void> {
    await this.#gateways[gateway]!.land(landing)
  }

  /** A gateway reads the next control event, if there is one. */
  async follow(gateway: number): Promise<void> {
    await this.#gateways[gateway]!.follow()
  }

  /** A gateway ends and begins again, unless a command is under way. */
  restart(gateway: number): void {
    if (!this.#gateways[gateway]!.isBusy) this.#gateways[gateway] = this.#boot()
  }

  bind(gateway: number, kind: NameKind, name: string): string {
    return this.#gateways[gateway]!.book.bind(kind, name)
  }

  /** What a client's frame states, through a gateway that waits for nothing. */
  state(fact: AnyFact): void {
    this.#append([stamped(fact, 1)])
  }

  /** Folds the next event of a topic, if there is one; commands that waited for it go on. */
  async fold(topic: Topic): Promise<void> {
    const record = this.log[topic][this.#folded[topic]]
    if (record === undefined) return
    const shown = await Effect.runPromise(
      this.#store.write(async (tx) => {
        const generation = await createGeneration(tx)
        await foldBatch(tx, generation, { topic, partition: 0, records: [record], next: record.position.offset + 1 })
        return shownOf(new Rows(tx, generation), record)
      }),
    )
    this.#folded[topic] += 1
    if (shown !== null) this.shownAfter.set(record.position.offset, shown)
    for (const gateway of this.#gateways)
      if (gateway.awaited.length > 0 && gateway.awaited.every((one) => one.offset < this.#folded[one.topic]))
        await gateway.folded()
  }

  /** Moves a gateway's command on, and what it waits for, until it is done. */
  async conclude(gateway: number): Promise<void> {
    const one = this.#gateways[gateway]!
    while (one.isBusy) {
      await one.land("answered")
      await one.follow()
      for (const topic of topics) await this.fold(topic)
    }
  }

  /** Moves everything on until nothing is left to do. */
  async finish(): Promise<void> {
    while (this.#gateways.some(({ isBusy }) => isBusy) || this.#isBehind()) {
      for (const gateway of this.#gateways) {
        await gateway.land("answered")
        await gateway.follow()
      }
      for (const topic of topics) await this.fold(topic)
    }
  }

  async close(): Promise<void> {
    await this.#runtime.dispose()
  }

  #boot(): SteeredGateway {
    const log = { control: this.log["control-events"], append: (events: readonly AnyEvent[]) => this.#append(events) }
    return new SteeredGateway(log, Context.make(KeyValueStore, this.#store), `gateway-${this.#made++}`)
  }

  #append(events: readonly AnyEvent[]): readonly Position[] {
    return events.map((event) => {
      const { topic } = catalog[event.type]
      const position = { topic, partition: 0, offset: this.log[topic].length }
      // Each event of the union becomes the record of its own type.
      this.log[topic].push({ ...event, position } as Recorded)
      return position
    })
  }

  #isBehind(): boolean {
    const { length } = this.log["control-events"]
    return (
      topics.some((topic) => this.#folded[topic] < this.log[topic].length) || this.#gateways.some(({ next }) => next < length)
    )
  }
}

const shownOf = async (rows: Rows, { type, data }: Recorded): Promise<Shown | null> => {
  if (!("id" in data) || !("name" in data) || data.name === null) return null
  const kind = type.startsWith("Tag") ? "tag" : "experiment"
  return { name: await nameOf(rows, kind, data.id), idByName: await idByName(rows, kind, data.name) }
}
