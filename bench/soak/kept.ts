/** Finished runs: only so many are kept, so that what the server holds does not grow with time. */
import { checkRun, type KnownRun } from "./known-run.ts"
import { rest, type Soak } from "./soak.ts"

export class Kept {
  readonly #soak: Soak
  readonly #most: number
  readonly #runs: KnownRun[] = []
  #gone = 0

  constructor(soak: Soak, most: number) {
    this.#soak = soak
    this.#most = most
  }

  get runs(): readonly KnownRun[] {
    return this.#runs
  }

  /** One in five of those that go is first brought back out of the trash, looked at again, and then deleted for good. */
  async add(run: KnownRun): Promise<void> {
    this.#runs.push(run)
    if (this.#runs.length <= this.#most) return
    const oldest = this.#runs.shift()
    if (oldest === undefined) return
    await checkRun(this.#soak, oldest)
    await this.#delete(oldest)
    if (this.#gone++ % 5 !== 0) return
    await rest(this.#soak, "command", ["POST", `/runs/${oldest.id}/restore/`])
    this.#soak.tally.count("runs restored")
    await checkRun(this.#soak, oldest)
    await this.#delete(oldest)
  }

  async #delete({ id }: KnownRun): Promise<void> {
    await rest(this.#soak, "command", ["DELETE", `/runs/${id}/`])
    this.#soak.tally.count("runs deleted")
  }

  async checkAll(): Promise<void> {
    for (const run of this.#runs) await checkRun(this.#soak, run)
  }
}
