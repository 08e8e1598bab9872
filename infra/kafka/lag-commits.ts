import { type Partition, partitionName } from "../../domain/ports/event-log.ts"
import { Linked } from "./link.ts"
import type { ReadingOptions } from "./log-reading.ts"
import type { Member } from "./membership.ts"

/** How often what was taken is told to the cluster. */
const everyMs = 1_000

/**
 * Tells the cluster how far a group is, so that its usual tools can show the lag. Nothing of ours reads it, and a commit that
 * fails is not repeated.
 */
export class LagCommits {
  readonly #linked: Linked
  readonly #group: string
  readonly #member: () => Member | undefined
  readonly #topicName: (topic: Partition["topic"]) => string
  readonly #timer: NodeJS.Timeout
  #taken = new Map<string, Partition & { readonly next: number }>()
  #busy = false

  constructor(
    { client, topicName }: Pick<ReadingOptions, "client" | "topicName">,
    group: string,
    member: () => Member | undefined,
  ) {
    this.#linked = new Linked(client, [])
    this.#group = group
    this.#member = member
    this.#topicName = topicName
    this.#timer = setInterval(() => void this.#commit(), everyMs)
  }

  took({ topic, partition }: Partition, next: number): void {
    this.#taken.set(partitionName({ topic, partition }), { topic, partition, next })
  }

  close(): void {
    clearInterval(this.#timer)
    this.#linked.close()
  }

  async #commit(): Promise<void> {
    const member = this.#member()
    if (this.#busy || member === undefined || this.#taken.size === 0) return
    const topics = this.#request()
    this.#taken = new Map()
    this.#busy = true
    try {
      await this.#linked.use(async (cluster) => {
        const coordinator = await cluster.findGroupCoordinator({ groupId: this.#group })
        const { memberId, generation } = member
        await coordinator.offsetCommit({ groupId: this.#group, memberId, groupGenerationId: generation, topics })
      })
    } catch {
      // The next one tells it.
    } finally {
      this.#busy = false
    }
  }

  #request() {
    return Array.from(
      Map.groupBy(this.#taken.values(), ({ topic }) => this.#topicName(topic)),
      ([topic, some]) => ({
        topic,
        partitions: some.map(({ partition, next }) => ({ partition, offset: String(next), metadata: null })),
      }),
    )
  }
}
