/**
 * A connection to the cluster that ends at once when it is closed, whatever is under way. Brokers answer the requests of one
 * connection one after another, so whoever lets a request wait at the broker needs a link of its own.
 */
import type { Socket } from "node:net"
import { logLevel } from "kafkajs"
import KafkaCluster, { type Cluster } from "kafkajs/src/cluster/index.js"
import { createLogger } from "kafkajs/src/loggers/index.js"
import makeSocketFactory from "kafkajs/src/network/socketFactory.js"
import type { KafkaClient } from "./client.ts"
import { LinkClosed } from "./faults.ts"

interface Link {
  readonly cluster: Cluster
  readonly close: () => void
}

/** A link that is opened when it is needed, and again after any fault: that leaves no state of kafkajs's to mistrust. */
export class Linked {
  readonly #client: KafkaClient
  readonly #topics: readonly string[]
  #link: Promise<Link> | undefined
  #isClosed = false

  /** Knows the leaders of these topics. */
  constructor(client: KafkaClient, topics: readonly string[]) {
    this.#client = client
    this.#topics = topics
  }

  /** Tries once. What the work throws ends the link. */
  async use<A>(work: (cluster: Cluster) => Promise<A>): Promise<A> {
    if (this.#isClosed) throw new LinkClosed("the log is closed")
    this.#link ??= openLink(this.#client, this.#topics)
    const link = this.#link
    try {
      return await work((await link).cluster)
    } catch (error) {
      if (this.#link === link) this.drop()
      throw error
    }
  }

  /** Ends the link, and so fails what is under way; the next use opens another. */
  drop(): void {
    const link = this.#link
    this.#link = undefined
    link?.then(
      ({ close }) => close(),
      () => undefined,
    )
  }

  close(): void {
    this.#isClosed = true
    this.drop()
  }
}

const openLink = async (client: KafkaClient, topics: readonly string[]): Promise<Link> => {
  const sockets = trackedSockets()
  const cluster = new KafkaCluster({
    ...client,
    brokers: shuffled(client.brokers),
    logger: createLogger({ level: logLevel.INFO, logCreator: client.logCreator }),
    socketFactory: sockets.factory,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    isolationLevel: 0,
    // Only to find a broker that is up; all else is tried again over a new link.
    retry: { retries: client.brokers.length, initialRetryTime: 30, maxRetryTime: 300 },
  })
  try {
    await cluster.connect()
    await cluster.addMultipleTargetTopics(topics)
    return { cluster, close: sockets.destroy }
  } catch (error) {
    sockets.destroy()
    throw error
  }
}

/** Sockets that can be ended together; kafkajs itself waits for the answers to all requests before it ends one. */
export const trackedSockets = () => {
  const make = makeSocketFactory()
  const open = new Set<Socket>()
  let isDestroyed = false
  const factory: typeof make = (args) => {
    const socket = make(args)
    socket.setNoDelay(true)
    open.add(socket)
    socket.once("close", () => open.delete(socket))
    if (isDestroyed) socket.destroy(closed())
    return socket
  }
  const destroy = (): void => {
    isDestroyed = true
    for (const socket of open) socket.destroy(closed())
  }
  return { factory, destroy }
}

const closed = (): Error => new Error("closed by us")

const shuffled = (brokers: readonly string[]): readonly string[] => {
  const first = Math.floor(Math.random() * brokers.length)
  return [...brokers.slice(first), ...brokers.slice(0, first)]
}
