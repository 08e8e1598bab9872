/** Appends what frames state, run by run, and holds on while the log is away. */
import { Effect } from "effect"
import type { AnyEvent } from "../../events/index.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"

/** Null: all is durable. A text: what the log will never take. */
export type Outcome = string | null

interface Waiting {
  readonly events: readonly AnyEvent[]
  /** A measure of their size. */
  readonly bytes: number
  readonly settle: (outcome: Outcome) => void
}

/** Frames that wait for one append together; more would make it too large. */
const mostBytes = 4 * 2 ** 20

/**
 * One append at a time for each run. When the log is away, or its answer is lost, the same events are appended again, in
 * order, before anything newer of the run: they bear their writer's numbers, so a repeat is known where they are folded.
 */
export class Appender {
  readonly #log: EventLog["Service"]
  readonly #onOutcome: (away: boolean) => void
  readonly #queues = new Map<string, Waiting[]>()
  readonly #working = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  /** `onOutcome` hears after each attempt whether the log was away. */
  constructor(log: EventLog["Service"], onOutcome: (away: boolean) => void) {
    this.#log = log
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

  /** Waits for what is under way, at most to `end` (Unix milliseconds), then gives up: nobody was told that it is stored. */
  async stop(end: number): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), Math.max(0, end - Date.now()))
    // An append that hangs is not waited for beyond that, either.
    const over = new Promise((resume) => this.#stopping.signal.addEventListener("abort", resume))
    await Promise.race([Promise.all(this.#working), over])
    clearTimeout(timer)
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
    if (answer === "durable") for (const { settle } of batch) settle(null)
    else for (const { events, settle } of batch) settle(await this.#appendOneByOne(events))
  }

  async #appendOneByOne(events: readonly AnyEvent[]): Promise<Outcome> {
    const refused: string[] = []
    for (const event of events) {
      const answer = await this.#attempt([event])
      if (typeof answer !== "string") refused.push(answer.refused)
    }
    return refused.length === 0 ? null : refused.join("\n")
  }

  async #attempt(events: readonly AnyEvent[]): Promise<"durable" | "stopped" | Refused> {
    for (let delay = firstDelayMs; !this.#stopping.signal.aborted; delay = Math.min(delay * 2, longestDelayMs)) {
      const answer = await Effect.runPromise(attempt(this.#log, events))
      this.#onOutcome(answer === "away")
      if (answer !== "away") return answer
      await pause(delay, this.#stopping.signal)
    }
    return "stopped"
  }
}

interface Refused {
  readonly refused: string
}

const attempt = (log: EventLog["Service"], events: readonly AnyEvent[]): Effect.Effect<"durable" | "away" | Refused> =>
  log.append(events).pipe(
    Effect.as("durable" as const),
    Effect.catchTags({
      LogUnavailable: () => Effect.succeed("away" as const),
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

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resume) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resume()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener("abort", done)
  })
