/** One gateway of tests/support/side-by-side.ts: the real dispatcher and book of names; its log and its reading are steered. */
import { Context, Effect, Exit, Stream } from "effect"
import type { Command } from "../../domain/commands.ts"
import { NameBook } from "../../domain/names.ts"
import { EventLog, LogUnavailable } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyEvent, Position, Recorded } from "../../events/index.ts"
import { type Dispatch, type DispatchFault, makeDispatch, type Outcome } from "../../gateways/dispatch.ts"
import { Names } from "../../gateways/names.ts"

/** The log as gateways write it and read it. */
export interface SharedLog {
  readonly control: readonly Recorded[]
  readonly append: (events: readonly AnyEvent[]) => readonly Position[]
}

/** How an append ends: `lost` is written, but answered as if it were not. */
export type Landing = "answered" | "lost"

export type Ending = Exit.Exit<Outcome, DispatchFault>

export class SteeredGateway {
  readonly book = new NameBook()
  next = 0
  isBusy = false
  /** What the command under way waits to see folded. */
  awaited: readonly Position[] = []
  readonly #log: SharedLog
  readonly #dispatch: Dispatch
  #atGate: ((landing: Landing) => void) | undefined
  #events: readonly AnyEvent[] = []
  #waiting: { readonly until: number; readonly resume: () => void } | undefined
  #stop = Promise.withResolvers<void>()

  /** One that has read all that is in the log. */
  constructor(log: SharedLog, store: Context.Context<KeyValueStore>, name: string) {
    this.#log = log
    while (this.next < log.control.length) this.#readNext()
    let ids = 0
    const made = makeDispatch({ clock: () => 1, newId: () => `${name}-${ids++}`, waitMillis: 60_000 })
    const services = Context.add(Context.add(store, EventLog, this.#steeredLog()), Names, this.#steeredNames())
    this.#dispatch = Effect.runSync(made.pipe(Effect.provideContext(services)))
  }

  /** Comes back when the command waits for something that is moved by hand, or is done. */
  async begin(command: Command, cause: string, done: (ending: Ending) => void): Promise<void> {
    this.isBusy = true
    const stopped = this.#nextStop()
    void Effect.runPromiseExit(this.#dispatch(command, cause)).then((ending) => {
      this.isBusy = false
      done(ending)
      this.#stop.resolve()
    })
    await stopped
  }

  /** Lets the append that is under way, if any, reach the log. */
  async land(landing: Landing): Promise<void> {
    const land = this.#atGate
    if (land === undefined) return
    this.#atGate = undefined
    const stopped = this.#nextStop()
    this.awaited = this.#log.append(this.#events)
    land(landing)
    // A lost one comes to the gate again, or is given up; one that was answered waits for the store.
    if (landing === "lost") await stopped
  }

  /** What the command under way waits for is folded: it goes on by itself. */
  async folded(): Promise<void> {
    this.awaited = []
    await this.#stop.promise
  }

  /** Reads the next control event, if there is one. */
  async follow(): Promise<void> {
    if (this.next >= this.#log.control.length) return
    this.#readNext()
    const waiting = this.#waiting
    if (waiting === undefined || waiting.until > this.next) return
    this.#waiting = undefined
    const stopped = this.#nextStop()
    waiting.resume()
    await stopped
  }

  #readNext(): void {
    this.book.apply(this.#log.control[this.next]!)
    this.next += 1
  }

  #nextStop(): Promise<void> {
    this.#stop = Promise.withResolvers<void>()
    return this.#stop.promise
  }

  #steeredLog(): EventLog["Service"] {
    const append = (events: readonly AnyEvent[]) =>
      Effect.promise(() => this.#gate(events)).pipe(
        Effect.flatMap((landing) =>
          landing === "lost" ? Effect.fail(new LogUnavailable({ message: "injected" })) : Effect.succeed(this.awaited),
        ),
      )
    const nothing = () => Stream.empty
    return {
      append,
      source: nothing,
      follow: nothing,
      share: () => Effect.never,
      setAside: () => Effect.void,
      recordsAt: (positions) => Effect.succeed(positions.map(() => undefined)),
      ends: Effect.succeed([]),
    }
  }

  #gate(events: readonly AnyEvent[]): Promise<Landing> {
    this.#events = events
    return new Promise((resolve) => {
      this.#atGate = resolve
      this.#stop.resolve()
    })
  }

  #steeredNames(): Names["Service"] {
    return {
      bind: (kind, name) => this.book.bind(kind, name),
      bearer: (kind, name) => this.book.bearer(kind, name),
      next: () => this.next,
      ready: Effect.void,
      caughtUp: (until) => Effect.suspend(() => (this.next >= until ? Effect.void : Effect.promise(() => this.#waitFor(until)))),
    }
  }

  #waitFor(until: number): Promise<void> {
    return new Promise((resume) => {
      this.#waiting = { until, resume }
      this.#stop.resolve()
    })
  }
}
