/// <reference lib="esnext.disposable" preserve="true" />
/** One run, as a program logs into it. */
import type { Book } from "./book.ts"
import { nowMicros } from "./clock.ts"
import type { Ending } from "./ending.ts"
import type { PointAt } from "./journal.ts"
import type { ArtifactOptions, ArtifactResult, ArtifactSource } from "./media/artifact.ts"
import type { AudioOptions, AudioSource } from "./media/audio.ts"
import { artifact, audio, distribution, image } from "./media/blobs.ts"
import type { DistributionOptions, Histogram } from "./media/distribution.ts"
import type { ImageOptions, ImageSource } from "./media/image.ts"
import { custom, type Figure, figure, type ObjectOptions, text } from "./media/object.ts"
import type { RunStatus } from "./status.ts"
import type { LoggedValues } from "./values.ts"

/** What a log record says besides its text. */
export type RecordExtra = Readonly<Record<string, unknown>>

/**
 * A run. Nothing that logs throws or waits: what has no meaning or no room is dropped, counted and said once (`status`). What is
 * logged is in the spool within 10 ms of a turn of the event loop; from then on it survives the end of the process.
 */
export class Run {
  /** 32 hexadecimal digits, unless another id was given. */
  readonly id: string
  /** The ingestion gateway that it is sent to. */
  readonly url: string
  readonly #book: Book
  readonly #ending: Ending
  #lastRecord = 0

  constructor(book: Book, ending: Ending, url: string) {
    this.id = book.runId
    this.url = url
    this.#book = book
    this.#ending = ending
  }

  /**
   * Logs a point for each value: numbers (NaN and the infinities, too), booleans as 1 and 0, objects of them with `/` between the
   * names. Without a step the server counts on from the sequence's last point.
   */
  log(values: LoggedValues, at?: PointAt): void {
    const { journal } = this.#book
    try {
      if (this.#book.isClosed) journal.refuse("values were logged after the end of the run")
      else journal.log(values, at)
    } catch (error) {
      journal.refuse(`values could not be logged: ${String(error)}`)
    }
  }

  /**
   * Sets an attribute; dots in its name nest, so `set("hparams.lr", 0.1)` is found as `run.hparams.lr`. Or several: `set({ seed: 1 })`.
   * Values are what JSON can say, NaN and the infinities. 1.0 cannot be told from 1 in JavaScript, both are stored as integers.
   */
  set(name: string, value: unknown): void
  set(values: Readonly<Record<string, unknown>>): void
  set(nameOrValues: string | Readonly<Record<string, unknown>>, value?: unknown): void {
    if (typeof nameOrValues !== "string") return this.#tell("log_hparams", { value: nameOrValues })
    const nested = nameOrValues.split(".").reduceRight((inner: unknown, key) => ({ [key]: inner }), value)
    this.#tell("log_hparams", { value: nested })
  }

  /** Sets parameters: `config({ lr: 0.1 })` is found as `run.hparams.lr`. Those of other names stay. */
  config(values: Readonly<Record<string, unknown>>): void {
    this.set("hparams", values)
  }

  /** Names the run. */
  rename(name: string): void {
    this.#tell("set_run_property", { name })
  }

  /** Describes the run, in any number of words. */
  describe(description: string): void {
    this.#tell("set_run_property", { description })
  }

  /** Puts tags on the run; they are made if there are none of these names. */
  tag(...names: readonly string[]): void {
    for (const tag_name of names) this.#tell("add_tag", { tag_name })
  }

  /** Takes tags off the run. */
  untag(...names: readonly string[]): void {
    for (const tag_name of names) this.#tell("remove_tag", { tag_name })
  }

  /** Logs a text of a sequence of texts. */
  text(name: string, data: string, options?: ObjectOptions): void {
    text(this.#book, name, data, options)
  }

  /** Logs an image: encoded bytes, a Blob, a canvas, pixels, or the path of a file. */
  image(name: string, source: ImageSource, options?: ImageOptions): void {
    image(this.#book, name, source, options)
  }

  /** Logs a sound: encoded bytes, a Blob, the path of a file, or samples, which become a WAV. */
  audio(name: string, source: AudioSource, options?: AudioOptions): void {
    audio(this.#book, name, source, options)
  }

  /** Logs a figure as Plotly describes it, `{ data, layout }`. */
  figure(name: string, shown: Figure, options?: ObjectOptions): void {
    figure(this.#book, name, shown, options)
  }

  /** Logs how numbers are distributed: the numbers themselves, or a histogram. */
  distribution(name: string, values: ArrayLike<number> | Histogram, options?: DistributionOptions): void {
    distribution(this.#book, name, values, options)
  }

  /** Logs an object of one's own making: whatever JSON can say. */
  custom(name: string, value: object, options?: ObjectOptions): void {
    custom(this.#book, name, value, options)
  }

  /**
   * Keeps a file, a folder, bytes, a text or a stream with the run. Resolves, and never rejects, when it is uploaded, refused, or
   * left in the spool at the end of the run.
   */
  artifact(source: ArtifactSource, options?: ArtifactOptions): Promise<ArtifactResult> {
    return artifact(this.#book, source, options)
  }

  /** Logs a record at level 10, with what it should say besides. */
  debug(message: string, extra?: RecordExtra): void {
    this.#record(10, message, extra)
  }

  /** Logs a record at level 20, with what it should say besides. */
  info(message: string, extra?: RecordExtra): void {
    this.#record(20, message, extra)
  }

  /** Logs a record at level 30, with what it should say besides. */
  warn(message: string, extra?: RecordExtra): void {
    this.#record(30, message, extra)
  }

  /** Logs a record at level 40, with what it should say besides. */
  error(message: string, extra?: RecordExtra): void {
    this.#record(40, message, extra)
  }

  /**
   * Resolves with whether the server has everything that was logged, within so many milliseconds (30 s). Not needed for safety: what
   * is logged is kept and sent without it.
   */
  flush(millis?: number): Promise<boolean> {
    return this.#ending.flush(millis)
  }

  /**
   * Ends the run (not if it was joined): waits for uploads and for the server, at most `finishTimeout`; what is not sent then stays in
   * the spool for the next start or `matyan sync`. Never rejects; called again it answers the same.
   */
  finish(): Promise<RunStatus> {
    return this.#ending.finish()
  }

  /** How it stands now. */
  status(): RunStatus {
    return this.#ending.status()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish()
  }

  #record(level: number, message: string, extra: RecordExtra | undefined): void {
    // Equal records are taken for one that was sent twice, so no two bear the same time.
    this.#lastRecord = Math.max(nowMicros(), this.#lastRecord + 1)
    this.#tell("log_record", { message: String(message), level, timestamp: this.#lastRecord / 1e6, extra_args: extra ?? null })
  }

  #tell(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.#book.message({ type, ...fields })
  }
}
