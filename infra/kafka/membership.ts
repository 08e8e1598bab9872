/**
 * Membership of a consumer group, and nothing else of it. kafkajs's consumer joins, beats and learns which partitions are
 * ours, with all of them paused; we read them ourselves. So its ways with offsets after a rebalance (kafkajs issues 946, 1046
 * and 1764) never come into play, and it beats however long a batch is being taken.
 */
import { Kafka } from "kafkajs"
import type { KafkaClient } from "./client.ts"
import { trackedSockets } from "./link.ts"

export interface Assignment {
  /** Partitions by the name of their topic. */
  readonly partitions: Readonly<Record<string, readonly number[]>>
  /** Aborted when the partitions are others, or membership is lost. */
  readonly over: AbortSignal
}

/** Whom the group's coordinator takes commits from. */
export interface Member {
  readonly memberId: string
  readonly generation: number
}

export interface MembershipOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
}

/** How long the other members have to come back when the group is divided anew. */
const rebalanceTimeoutMs = 10_000
/** How long leaving may take before the connection is just ended; the session time-out then frees the partitions. */
const leaveTimeoutMs = 2_000

const saysWhyMs = 200

export class Membership {
  readonly #lost = Promise.withResolvers<never>()
  readonly #sockets = trackedSockets()
  readonly #consumer
  #assigned = Promise.withResolvers<Assignment>()
  #over: AbortController | undefined
  #member: Member | undefined
  #current = ""
  /** When the coordinator last answered. */
  #heard = performance.now()
  readonly #watch: NodeJS.Timeout

  constructor(client: KafkaClient, { group, topics, sessionTimeoutMs }: MembershipOptions) {
    const heartbeatInterval = Math.max(100, Math.min(1_000, Math.floor(sessionTimeoutMs / 8)))
    const kafka = new Kafka({ ...client, socketFactory: this.#sockets.factory })
    this.#consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval,
      // With everything paused, this is how often it looks whether to beat.
      maxWaitTimeInMs: Math.min(heartbeatInterval, 200),
      allowAutoTopicCreation: false,
      // A crash is ours to see: a new member begins then.
      retry: { retries: 5, initialRetryTime: 50, maxRetryTime: 500, restartOnFailure: () => Promise.resolve(false) },
    })
    const { GROUP_JOIN, HEARTBEAT, CRASH, STOP } = this.#consumer.events
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#heard = performance.now()
      this.#consumer.pause(topics.map((topic) => ({ topic })))
      this.#assign(payload.memberAssignment)
    })
    this.#consumer.on(HEARTBEAT, ({ payload: { memberId, groupGenerationId } }) => {
      this.#heard = performance.now()
      this.#member = { memberId, generation: groupGenerationId }
    })
    this.#consumer.on(CRASH, ({ payload }) => this.#lose(payload.error))
    // A consumer that crashes first ends its connections in order, and may wait for ever for what a dead broker owes it;
    // mostly it says at once why it stopped.
    this.#consumer.on(STOP, () => setTimeout(() => this.#lose(new Error("the consumer has stopped")), saysWhyMs))
    const longestSilence = sessionTimeoutMs + rebalanceTimeoutMs + client.requestTimeout
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heard > longestSilence) this.#lose(new Error("the group's coordinator has not answered"))
    }, heartbeatInterval)
    this.#lost.promise.catch(() => undefined)
    void this.#run(topics).catch((error: unknown) => this.#lose(error))
  }

  /** The partitions that are ours now; rejects when membership is lost. */
  assignment(): Promise<Assignment> {
    return Promise.race([this.#lost.promise, this.#assigned.promise])
  }

  /** Undefined before the first heartbeat. */
  get member(): Member | undefined {
    return this.#member
  }

  /** Leaves, so that the others need not wait for the session to run out. */
  async leave(): Promise<void> {
    clearInterval(this.#watch)
    this.#over?.abort()
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, leaveTimeoutMs)
    await Promise.race([this.#consumer.disconnect().catch(() => undefined), late.promise])
    clearTimeout(timer)
    this.#sockets.destroy()
  }

  async #run(topics: readonly string[]): Promise<void> {
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() })
  }

  #assign(partitions: Readonly<Record<string, readonly number[]>>): void {
    const text = textOf(partitions)
    // Divided anew with nothing new for us: whoever had them meanwhile, the taker fences.
    if (this.#over !== undefined && text === this.#current) return
    this.#current = text
    this.#over?.abort()
    if (this.#over !== undefined) this.#assigned = Promise.withResolvers()
    this.#over = new AbortController()
    this.#assigned.resolve({ partitions, over: this.#over.signal })
  }

  #lose(error: unknown): void {
    this.#lost.reject(error)
    this.#over?.abort()
  }
}

const textOf = (partitions: Readonly<Record<string, readonly number[]>>): string =>
  Object.entries(partitions)
    .flatMap(([topic, numbers]) => numbers.map((number) => `${topic}/${number}`))
    .sort()
    .join()
