/** Appends what frames state, run by run, and holds on while the log is away. */
import { Effect } from "effect"
import type { AnyEvent, Position } from "../../events/index.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"

export interface Outcome {
  /** What the log will never take; null where all is durable. */
  readonly refused: string | null
  /** Where what is durable stands, in the order in which it was stated. */
  readonly positions: readonly Position[]
}

interface Waiting {
  readonly events: readonly AnyEvent[]
  /** A measure of their size. */
  readonly bytes: number
  readonly settle: (outcome: Outcome) => void
}

/** Runs what waits for the log or for a time, with the services of the gateway; rejects when the signal aborts. */
export type Run = <A>(effect: Effect.Effect<A>, signal?: AbortSignal) => Promise<A>

/** Frames that wait for one append together; more would make it too large. */
const mostBytes = 4 * 2 ** 20

/**
 * One append at a time for each run. When the log is away, or its answer is lost, the same events are appended again, in
 * order, before anything newer of the run: they bear their writer's numbers, so a repeat is known where they are folded.
 */
export class Appender {
  readonly #log: EventLog["Service"]
  readonly #run: Run
  readonly #onOutcome: (fault: string | null) => void
  readonly #queues = new Map<string, Waiting[]>()
  readonly #working = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  /** `onOutcome` hears after each attempt why the log could not take it; null where it answered. */
  constructor(log: EventLog["Service"], run: Run, onOutcome: (fault: string | null) => void) {
    this.#log = log
    this.#run = run
    this.#onOutcome = onOutcome
  }

  /** Settles when the log has the events, or never while it is away; it does not reject. */
  append(runId: string, events: readonly AnyEvent[], bytes: number): Promise<Outcome> {
    return new Promise((settle) => {
      const waiting = { events, bytes, settle }
      const queue = this.#queues.get(runId)
      if (queue !== undefined) {
        queue.push(waiting)
        return
      }
      this.#queues.set(runId, [waiting])
      const work = this.#work(runId)
      this.#working.add(work)
      void work.then(() => this.#working.delete(work))
    })
  }

  /** Waits for what is under way, at most so long, then gives up: nobody was told that it is stored. */
  async stop(millis: number): Promise<void> {
    // An append that hangs is not waited for beyond that, either.
    const over = pause(this.#run, Math.max(0, millis), this.#stopping.signal)
    await Promise.race([Promise.all(this.#working), over])
    this.#stopping.abort()
  }

  async #work(runId: string): Promise<void> {
    const queue = this.#queues.get(runId) ?? []
    let some = takeSome(queue)
    while (some.length > 0 && !this.#stopping.signal.aborted) {
      await this.#appendSome(some)
      some = takeSome(queue)
    }
    this.#queues.delete(runId)
  }

  async #appendSome(batch: readonly Waiting[]): Promise<void> {
    const answer = await this.#attempt(batch.flatMap(({ events }) => events))
    if (answer === "stopped") return
    // Rare: the log will not have one of the events. Those around it are good, so each goes alone, in the same order.
    if ("refused" in answer)
      for (const { events, settle } of batch) {
        const outcome = await this.#appendOneByOne(events)
        if (outcome === "stopped") return
        settle(outcome)
      }
    else {
      let at = 0
      for (const { events, settle } of batch)
        settle({ refused: null, positions: answer.positions.slice(at, (at += events.length)) })
    }
  }

  async #appendOneByOne(events: readonly AnyEvent[]): Promise<Outcome | "stopped"> {
    const refused: string[] = []
    const positions: Position[] = []
    for (const event of events) {
      const answer = await this.#attempt([event])
      if (answer === "stopped") return answer
      if ("refused" in answer) refused.push(answer.refused)
      else positions.push(...answer.positions)
    }
    return { refused: refused.length === 0 ? null : refused.join("\n"), positions }
  }

  async #attempt(events: readonly AnyEvent[]): Promise<"stopped" | Durable | Refused> {
    for (let delay = firstDelayMs; !this.#stopping.signal.aborted; delay = Math.min(delay * 2, longestDelayMs)) {
      const answer = await this.#run(attempt(this.#log, events))
      this.#onOutcome("away" in answer ? answer.away : null)
      if (!("away" in answer)) return answer
      await pause(this.#run, delay, this.#stopping.signal)
    }
    return "stopped"
  }
}

/** Where each of the events stands. */
interface Durable {
  readonly positions: readonly Position[]
}

interface Refused {
  readonly refused: string
}

/** Why. */
interface Away {
  readonly away: string
}

const attempt = (log: EventLog["Service"], events: readonly AnyEvent[]): Effect.Effect<Durable | Away | Refused> =>
  log.append(events).pipe(
    Effect.map((positions) => ({ positions })),
    Effect.catchTags({
      LogUnavailable: ({ message }) => Effect.succeed({ away: message }),
      EventTooLarge: ({ type, bytes, limit }) =>
        Effect.succeed({ refused: `${type}: ${bytes} bytes, at most ${limit} are kept` }),
    }),
    Effect.catchDefect((defect) =>
      Effect.logError("an append failed unexpectedly", defect).pipe(Effect.as({ refused: "internal publish error" })),
    ),
  )

const firstDelayMs = 20
const longestDelayMs = 1_000

const takeSome = (queue: Waiting[]): readonly Waiting[] => {
  let bytes = 0
  let count = 0
  while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= mostBytes)) bytes += queue[count++]!.bytes
  return queue.splice(0, count)
}

/** Ends early when the signal aborts. */
const pause = (run: Run, millis: number, signal: AbortSignal): Promise<void> =>
  run(Effect.sleep(millis), signal).catch(() => undefined)
