/** A process of the simulation: its clock, its fibers, and its end. */
import { Clock, Context, Duration, Effect, References, Scheduler } from "effect"
import { NewId } from "../../domain/ports/ids.ts"
import type { Wire } from "./wire.ts"
import type { World } from "./world.ts"

/** When the simulation begins, by clocks that are right: Unix milliseconds. */
export const beginning = 1_790_000_000_000

export class Process {
  readonly name: string
  readonly world: World
  readonly newId: () => string
  readonly clock: Clock.Clock
  readonly #scheduler: Scheduler.Scheduler
  /** How far the clock is ahead, in milliseconds. */
  skew: number
  #isAlive = true
  #frozenUntil = 0

  constructor(world: World, name: string, skew = 0) {
    this.world = world
    this.name = name
    this.skew = skew
    const random = world.random(`ids of ${name}`)
    this.newId = () => random.uuid()
    this.clock = clockOf(this)
    this.#scheduler = new Scheduler.MixedScheduler("async", (act) => this.soon(act))
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Unix seconds by this process's clock. */
  get seconds(): number {
    return this.clock.currentTimeMillisUnsafe() / 1_000
  }

  /** Ends at once: nothing of it happens any more, finalizers neither. What is on its way already may still arrive. */
  crash(): void {
    this.#isAlive = false
  }

  /** Stands still for so many milliseconds, as a machine that swaps, and then goes on as if nothing had been. */
  freeze(millis: number): void {
    this.#frozenUntil = this.world.now + millis
  }

  soon(act: () => void): () => void {
    return this.#when((due) => this.world.soon(due), act)
  }

  after(millis: number, act: () => void): () => void {
    return this.#when((due) => this.world.after(millis, due), act)
  }

  /** Done after a while, or never where the process ends before. */
  wait(millis: number): Promise<void> {
    return new Promise((resolve) => void this.after(millis, resolve))
  }

  /** Runs with the clock, the ids and the scheduler of the process; never done once it has crashed. */
  readonly run = <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<A> =>
    Effect.runPromiseWith(this.context)(effect, signal === undefined ? undefined : { signal })

  /** Does something when it is due and the process works; answers what cancels it. */
  #when(schedule: (due: () => void) => () => void, act: () => void): () => void {
    let isCancelled = false
    const cancel = schedule(() => {
      if (!this.#isAlive || isCancelled) return
      this.world.current = this.name
      if (this.world.now < this.#frozenUntil) this.world.after(this.#frozenUntil - this.world.now, () => this.soon(guarded))
      else act()
    })
    const guarded = (): void => {
      if (!isCancelled) act()
    }
    return () => {
      isCancelled = true
      cancel()
    }
  }

  get context(): Context.Context<never> {
    return Context.empty().pipe(
      Context.add(Clock.Clock, this.clock),
      Context.add(NewId, this.newId),
      Context.add(Scheduler.Scheduler, this.#scheduler),
      Context.add(References.MinimumLogLevel, "None"),
    )
  }

  /** The way to something that it asks, with delays drawn from a seed. */
  wire(what: string, usual: number): Wire {
    const random = this.world.random(`way of ${this.name} to ${what}`)
    const delay = (): number => (random.chance(0.02) ? random.next() * 300 : random.next() * usual)
    const atOnce = Promise.resolve()
    return {
      // What was sent before a crash may arrive after it.
      arrive: () => (random.chance(0.5) ? this.wait(delay()) : new Promise((resolve) => void this.world.after(delay(), resolve))),
      answer: () => this.wait(delay()),
      turn: () => (random.chance(0.03) ? this.wait(random.next()) : this.#isAlive ? atOnce : new Promise(() => undefined)),
    }
  }
}

const clockOf = (process: Process): Clock.Clock => {
  const millis = (): number => beginning + process.world.now + process.skew
  const nanos = (): bigint => BigInt(Math.floor(millis() * 1e6))
  const steady = (): bigint => BigInt(Math.floor(process.world.now * 1e6))
  return {
    currentTimeMillisUnsafe: () => Math.floor(millis()),
    currentTimeMillis: Effect.sync(() => Math.floor(millis())),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: steady,
    monotonicTimeNanos: Effect.sync(steady),
    sleep: (duration) => {
      const wait = Duration.toMillis(duration)
      return Number.isFinite(wait)
        ? Effect.callback<void>((resume) => {
            const cancel = process.after(wait, () => resume(Effect.void))
            return Effect.sync(cancel)
          })
        : Effect.never
    },
  }
}
