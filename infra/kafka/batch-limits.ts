import type { Topic } from "../../events/define.ts"
import { largestBatchOf, type TopicsFacts } from "./topics.ts"

/** Most bytes of a batch of records, by topic. */
export type Limits = Readonly<Record<Topic, number>>

/** What the topics take, as they tell it, and as refusals teach it while the log is in use. */
export class BatchLimits {
  readonly #describe: () => Promise<TopicsFacts>
  #known: Limits
  #learning: Promise<void> | undefined

  constructor(facts: TopicsFacts, describe: () => Promise<TopicsFacts>) {
    this.#describe = describe
    this.#known = {
      "data-ingestion": largestBatchOf(facts["data-ingestion"]),
      "control-events": largestBatchOf(facts["control-events"]),
    }
  }

  get known(): Limits {
    return this.#known
  }

  /**
   * A batch was refused for its size, so a topic takes less than it did, or than we could know. Then it is asked again, and
   * where that tells nothing new, half of what was thought is tried: appends that are tried again become smaller, or are
   * refused. `placedBy` is what the append went by: of many that are refused together only one may teach.
   */
  async learn(placedBy: Limits): Promise<void> {
    if (this.#learning === undefined && placedBy === this.#known)
      this.#learning = this.#learn().finally(() => (this.#learning = undefined))
    await this.#learning
  }

  async #learn(): Promise<void> {
    // A cluster that cannot be asked now will refuse the batch once more.
    const facts = await this.#describe().catch(() => null)
    if (facts === null) return
    const told = (topic: Topic): number => Number(facts[topic]?.settings?.get("max.message.bytes") ?? Number.POSITIVE_INFINITY)
    const before = this.#known
    const isNew = told("data-ingestion") < before["data-ingestion"] || told("control-events") < before["control-events"]
    const lowered = (topic: Topic): number => (isNew ? Math.min(before[topic], told(topic)) : before[topic] >> 1)
    this.#known = { "data-ingestion": lowered("data-ingestion"), "control-events": lowered("control-events") }
  }
}
