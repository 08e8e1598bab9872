/** What we use of kafkajs's inside, which its own types leave out. The version is pinned, and docs/decisions/0004-kafka.md says why. */
declare module "kafkajs/src/cluster/index.js" {
  import type { IHeaders, ISocketFactory, KafkaConfig, Logger, RetryOptions } from "kafkajs"

  export interface Cluster {
    readonly connect: () => Promise<void>
    /** Fails where one of the topics is not there. */
    readonly addMultipleTargetTopics: (topics: readonly string[]) => Promise<void>
    readonly findBroker: (node: { readonly nodeId: string }) => Promise<Broker>
    readonly findControllerBroker: () => Promise<Broker>
    readonly findGroupCoordinator: (group: { readonly groupId: string }) => Promise<Broker>
    readonly findTopicPartitionMetadata: (topic: string) => readonly { readonly partitionId: number }[]
    readonly findLeaderForPartitions: (
      topic: string,
      partitions: readonly number[],
    ) => Readonly<Record<string, readonly number[] | undefined>>
    readonly fetchTopicsOffset: (
      topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number }[]
        readonly fromBeginning: boolean
      }[],
    ) => Promise<
      readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
      }[]
    >
  }

  export interface Broker {
    readonly initProducerId: (request: {
      readonly transactionTimeout: number
    }) => Promise<{ readonly producerId: string; readonly producerEpoch: number }>
    readonly produce: (request: {
      readonly acks: -1
      readonly timeout: number
      readonly producerId: string
      readonly producerEpoch: number
      readonly topicData: readonly ProducedTopic[]
    }) => Promise<{
      readonly topics: readonly {
        readonly topicName: string
        readonly partitions: readonly { readonly partition: number; readonly baseOffset: string }[]
      }[]
    }>
    readonly fetch: (request: {
      readonly isolationLevel: 0 | 1
      readonly maxWaitTime: number
      readonly minBytes: number
      readonly maxBytes: number
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[]
      }[]
    }) => Promise<{
      readonly responses: readonly {
        readonly topicName: string
        readonly partitions: readonly { readonly partition: number; readonly messages: readonly FetchedMessage[] }[]
      }[]
    }>
    readonly offsetCommit: (request: {
      readonly groupId: string
      readonly groupGenerationId: number
      readonly memberId: string
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: null }[]
      }[]
    }) => Promise<unknown>
  }

  export interface ProducedTopic {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly firstSequence: number
      readonly messages: readonly ProducedMessage[]
    }[]
  }

  export interface ProducedMessage {
    readonly key: Uint8Array | null
    readonly value: Uint8Array | null
    readonly headers?: IHeaders
  }

  export interface FetchedMessage {
    readonly offset: string
    readonly key: Buffer | null
    readonly value: Buffer | null
  }

  interface ClusterOptions extends Pick<KafkaConfig, "ssl" | "sasl" | "clientId"> {
    readonly brokers: readonly string[]
    readonly logger: Logger
    readonly socketFactory: ISocketFactory
    readonly connectionTimeout: number
    readonly authenticationTimeout: number
    readonly requestTimeout: number
    readonly metadataMaxAge: number
    readonly allowAutoTopicCreation: boolean
    readonly isolationLevel: 0 | 1
    readonly retry: RetryOptions
  }
  const KafkaCluster: new (options: ClusterOptions) => Cluster
  export default KafkaCluster
}

declare module "kafkajs/src/loggers/index.js" {
  import type { Logger, logCreator } from "kafkajs"
  export const createLogger: (options: { readonly level: number; readonly logCreator: logCreator }) => Logger
}

declare module "kafkajs/src/network/socketFactory.js" {
  import type { ISocketFactory } from "kafkajs"
  const makeSocketFactory: () => ISocketFactory
  export default makeSocketFactory
}

declare module "kafkajs/src/network/requestQueue/index.js" {
  export default class RequestQueue {
    readonly pending: readonly unknown[]
    /** Milliseconds (Unix). */
    readonly throttledUntil: number
    throttleCheckTimeoutId: NodeJS.Timeout | null
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
  }
}
