/** What a run has logged, on its way from the call to a sealed frame. Nothing here throws or waits. */
import { encodeFrame, type Section } from "../domain/frame.ts"
import { checkClock, nowMicros } from "./clock.ts"
import type { Outbox } from "./outbox.ts"
import type { Platform } from "./platform.ts"
import { Points } from "./points.ts"
import { type MetricContext, seriesOf } from "./series.ts"
import { eachNumber, integerOf, type LoggedValues } from "./values.ts"

/** Where a point stands in its sequence. */
export interface PointAt {
  /** An exact integer. The server counts on from the sequence's last where it is left out, whoever logged that. */
  readonly step?: number | bigint | null
  /** An exact integer. */
  readonly epoch?: number | bigint | null
  /** Tells sequences of one name apart, such as `{ subset: "val" }`. */
  readonly context?: MetricContext | null
  /** When it was, if not now: a date, or milliseconds since 1970. */
  readonly time?: Date | number
}

/** What is open is sealed after so long. */
const openMillis = 10
const mostMessageBytes = 2 ** 16
/** The server keeps no larger one. */
const mostTextBytes = 4 * 2 ** 20

/** Messages before which a frame is sealed, so that what was logged before them is told before them. */
const changing = new Set(["create_run", "set_run_property", "add_tag", "remove_tag", "finish_run"])

/** What is open: points in columns, and messages; sealed into a frame within 10 ms, at about 64 kB, or before what changes the run. */
export class Journal {
  /** Points and messages that were logged, and those of them that were dropped. */
  logged = 0
  dropped = 0
  readonly #points = new Points()
  readonly #series = seriesOf()
  readonly #platform: Pick<Platform, "later">
  readonly #outbox: Outbox | null
  readonly #onSealed: () => void
  readonly #problem: (text: string) => void
  #messages: string[] = []
  #messageBytes = 0
  /** µs since 1970 when the first of what is open was logged; 0 while nothing is. */
  #opened = 0
  #stopTimer = (): void => {}

  /** `outbox` is null in a dry run. */
  constructor(platform: Pick<Platform, "later">, outbox: Outbox | null, onSealed: () => void, problem: (text: string) => void) {
    this.#platform = platform
    this.#outbox = outbox
    this.#onSealed = onSealed
    this.#problem = problem
    checkClock()
  }

  /** Logs a point for each value. */
  log(values: LoggedValues, at: PointAt | undefined): void {
    const now = nowMicros()
    const step = at === undefined ? NaN : integerOf(at.step)
    let epoch = at === undefined ? NaN : integerOf(at.epoch)
    if (step === undefined) return this.refuse(`a step must be an exact integer, and not ${String(at?.step)}`)
    if (epoch === undefined) {
      this.#problem(`an epoch must be an exact integer, and not ${String(at?.epoch)}; it is left out`)
      epoch = NaN
    }
    const time = at?.time === undefined ? now : Math.round(Number(at.time) * 1000)
    if (!Number.isSafeInteger(time)) return this.refuse("a time must be a date, or milliseconds since 1970")
    // The way of nearly all calls; whatever is not plainly a number takes the other one.
    for (const name in values) {
      const value = values[name]
      if (typeof value === "number") this.#push(name, value, step, epoch, time, at?.context)
      else {
        const take = (inner: string, number: number): void => this.#push(inner, number, step, epoch, time, at?.context)
        eachNumber(name, value, 0, take, (inner, what) => this.refuse(`${inner} is no number: ${what}`))
      }
    }
    this.#touch(now)
  }

  #push(name: string, value: number, step: number, epoch: number, time: number, context: PointAt["context"]): void {
    const series = this.#series.find(context, name)
    if (typeof series === "string") return this.refuse(series)
    if (this.#points.isFull) this.seal()
    this.#points.push(series, value, step, epoch, time)
  }

  /** Logs a message of the protocol, as JSON text. */
  message(type: string, text: string): void {
    if (text.length > mostTextBytes) return this.refuse(`a ${type} has ${text.length} bytes, the server keeps none that large`)
    if (this.#points.count > 0 && changing.has(type)) this.seal()
    if (this.#messages.length > 0 && this.#messageBytes + text.length > mostMessageBytes) this.seal()
    this.#messages.push(text)
    this.#messageBytes += text.length
    if (this.#messageBytes > mostMessageBytes) this.seal()
    else this.#touch(nowMicros())
  }

  /** Something is dropped. */
  refuse(problem: string): void {
    this.dropped++
    this.#problem(problem)
  }

  /** Makes a frame of what is open, and keeps it. */
  seal(): void {
    this.#stopTimer()
    this.#opened = 0
    const count = this.#points.count + this.#messages.length
    if (count === 0) return
    checkClock()
    this.logged += count
    const sections = this.#sections()
    if (this.#outbox === null) return
    const seq = this.#outbox.next()
    const bytes = encodeFrame({ writer: this.#outbox.writer, seq, sections })
    if (!this.#outbox.append({ seq, bytes })) {
      this.dropped += count
      this.#problem("more was logged than memory may hold, and no spool has room: the newest is dropped")
    }
    this.#onSealed()
  }

  #sections(): readonly Section[] {
    const messages = this.#messages
    this.#messages = []
    this.#messageBytes = 0
    const points = this.#points.take()
    return messages.length === 0 ? points : [{ kind: "messages", json: `[${messages.join(",")}]` }, ...points]
  }

  /** Sees to it that what is open is sealed soon; at once where the program has let no timer run for so long. */
  #touch(now: number): void {
    if (this.#opened === 0) {
      this.#opened = now
      this.#stopTimer = this.#platform.later(openMillis, () => this.seal())
    } else if (now - this.#opened > openMillis * 1000) this.seal()
  }
}
