/** What stands behind a run: its journal, its spool and its connection. */
import { type Away, awayOf } from "./away.ts"
import { Journal } from "./journal.ts"
import { toJson } from "./json.ts"
import type { BlobOutcome, LoggedBlob, Logbook } from "./logbook.ts"
import type { Settings } from "./options.ts"
import type { Platform, Spool } from "./platform.ts"
import { type Problems } from "./problems.ts"
import { type Sender, senderOf } from "./sender.ts"
import { lanesOf, type Shipment, shipmentOf, type ShipmentOptions } from "./shipment.ts"

/** What a book is made of. */
export interface BookOptions {
  readonly platform: Platform
  readonly settings: Settings
  readonly problems: Problems
  /** Shows people what is no problem. */
  readonly say: (text: string) => void
  /** Null in a dry run. */
  readonly spool: Spool | null
}

/** All that a run's calls need of it: its journal, its spools and what sends them, and who waits for what. */
export class Book implements Logbook {
  readonly runId: string
  readonly platform: Platform
  readonly place: string
  readonly isDry: boolean
  readonly journal: Journal
  readonly #settings: Settings
  readonly #problems: Problems
  readonly #own: Shipment | null
  readonly #away: Away
  /** What earlier processes left of this run, in order: it is sent first. */
  #earlier: readonly Shipment[] = []
  #sender: Sender | null = null
  #works = 0
  #others = 0
  #waiting: (() => void)[] = []
  /** Nothing is logged any more. */
  isClosed = false

  constructor({ platform, settings, problems, say, spool }: BookOptions) {
    this.runId = settings.runId
    this.platform = platform
    this.place = settings.spool?.place ?? ""
    this.isDry = spool === null
    this.#settings = settings
    this.#problems = problems
    this.#own = spool === null ? null : shipmentOf(this.shipping(spool))
    this.journal = new Journal(platform, this.#own?.outbox ?? null, () => this.#pump(), this.problem)
    const { url, mode } = settings
    const kept = settings.spool === null ? `in memory, up to ${settings.queueBytes} bytes` : `in ${this.place}`
    this.#away = awayOf(
      platform,
      (reason) => this.problem(`no server at ${url} (${reason}); what is logged is kept ${kept} and sent later`),
      () => say(`the server at ${url} is back`),
    )
    if (mode !== "online") this.#away.stop()
  }

  /** How a spool of this run is sent. */
  shipping(spool: Spool): ShipmentOptions {
    const { url, queueBytes, mode } = this.#settings
    const onReady = (): void => {
      this.#pump()
      this.#answered()
    }
    const isOffline = mode !== "online"
    return { spool, platform: this.platform, url, isOffline, keepBytes: queueBytes / 2, onReady, problem: this.problem }
  }

  /** Begins to send, what is left of earlier processes first. */
  send(earlier: readonly Shipment[]): void {
    const own = this.#own
    if (own === null) return
    this.#earlier = earlier
    this.#sender = senderOf({
      lanes: lanesOf([...earlier, own]),
      platform: this.platform,
      url: this.#settings.url,
      runId: this.runId,
      bufferBytes: this.#settings.queueBytes / 4,
      onChange: (isConnected, reason) => {
        this.#away.change(isConnected, reason)
        this.#answered()
      },
      onAnswer: () => this.#answered(),
      problem: this.problem,
    })
  }

  readonly message = (fields: Readonly<Record<string, unknown>>): void => {
    const type = String(fields["type"])
    try {
      if (this.isClosed) this.journal.refuse(`a ${type} came after the end of the run`)
      else this.journal.message(type, toJson(fields))
    } catch (error) {
      this.journal.refuse(`a ${type} could not be logged: ${String(error)}`)
    }
  }

  readonly duty = async (
    fields: Readonly<Record<string, unknown>>,
    { path, contentType, content }: LoggedBlob,
    onProgress?: (uploaded: number, size: number) => void,
  ): Promise<BlobOutcome> => {
    if (this.#own === null) return "waiting"
    const { spool, uploads } = this.#own
    const isBytes = content instanceof Uint8Array
    try {
      if (this.isClosed) throw new Error("the run is over")
      const file = isBytes ? null : content.file
      const duty = { number: spool.nextDuty, message: toJson(fields), blobPath: path, contentType, file }
      spool.addDuty(duty, isBytes ? content : null)
      this.journal.logged++
      const outcome = uploads.add(duty, onProgress)
      return this.#settings.mode === "online" ? await outcome : "waiting"
    } catch (error) {
      this.journal.refuse(`${path} could not be kept: ${String(error)}`)
      return "refused"
    }
  }

  readonly during = (work: Promise<unknown>): void => {
    this.#works++
    const done = (): void => {
      this.#works--
      this.#answered()
    }
    work.then(done, done)
  }

  /** Work for other runs; `finish` waits for it when it has done its own. */
  beside(work: Promise<unknown>): void {
    this.#others++
    const done = (): void => {
      this.#others--
      this.#answered()
    }
    work.then(done, done)
  }

  readonly problem = (text: string): void => this.#problems.add(text)

  get isConnected(): boolean {
    return this.#sender?.isConnected() === true
  }

  /** Where in the log what was acknowledged ends. */
  get position(): string {
    return this.#sender?.position() ?? ""
  }

  /** Whether images and the like are still being made ready. */
  get isWorking(): boolean {
    return this.#works > 0
  }

  get isAlone(): boolean {
    return this.#others === 0
  }

  get hasBlobs(): boolean {
    return this.#all().some(({ uploads }) => !uploads.isDone())
  }

  /** Whether the server has everything. */
  get isDone(): boolean {
    return this.#all().every((shipment) => shipment.isDone())
  }

  unsent(): { readonly frames: number; readonly blobs: number; readonly bytes: number } {
    const all = this.#all()
    const sum = (of: (shipment: Shipment) => number): number => all.reduce((total, shipment) => total + of(shipment), 0)
    return {
      frames: sum(({ outbox }) => outbox.waiting()),
      blobs: sum(({ uploads }) => uploads.waiting()),
      bytes: sum(({ spool }) => spool.bytes),
    }
  }

  /** Resolves with whether a condition came true, by answers of the server and the like, within so many milliseconds. */
  until(isSo: () => boolean, millis: number): Promise<boolean> {
    if (isSo()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (): void => {
        stop()
        this.#waiting = this.#waiting.filter((other) => other !== look)
        resolve(isSo())
      }
      const look = (): void => {
        if (isSo()) end()
      }
      // Timers take no longer time than that, and fire at once then.
      const stop = this.platform.later(Math.min(millis, 2 ** 31 - 1), end)
      this.#waiting.push(look)
    })
  }

  /** Ends the connection and lets go of the spools. */
  async close(): Promise<void> {
    this.isClosed = true
    this.#sender?.close()
    this.#away.stop()
    for (const shipment of this.#all()) await shipment.close().catch((error: unknown) => this.problem(String(error)))
  }

  #all(): readonly Shipment[] {
    return this.#own === null ? [] : [...this.#earlier, this.#own]
  }

  #pump(): void {
    this.#sender?.pump()
  }

  #answered(): void {
    for (const look of this.#waiting) look()
  }
}
