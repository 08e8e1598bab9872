import type { Topic } from "../../events/define.ts"

export interface KafkaSecurity {
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL"
  readonly mechanism?: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Paths of PEM files: what the brokers' certificates are checked by, and our own certificate and key. */
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
}

/** A topic of the log, or the one to which records that cannot be folded are copied. */
export type KafkaTopic = Topic | "dead-letters"

/** How a cluster is reached. */
export interface KafkaConnection {
  /** `host:port` of some of the brokers; they tell of the others. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly security: KafkaSecurity
}

export interface KafkaOptions extends KafkaConnection {
  /** What the topics are called there. */
  readonly topics: Readonly<Record<KafkaTopic, string>>
  /** How many partitions `data-ingestion` must have; whatever it has when undefined. */
  readonly partitions?: number | undefined
  /** What the names of consumer groups begin with; nothing by default. */
  readonly groupPrefix?: string | undefined
  /** After how long a silent member's partitions go to another; 6,000 by default, as brokers allow it unless told otherwise. */
  readonly sessionTimeoutMs?: number | undefined
  /** Start although the topics, which are the only truth, delete what is old or much. */
  readonly allowFiniteRetention?: boolean | undefined
  /** How long an answer of a broker is waited for; 10,000 by default. */
  readonly requestTimeoutMs?: number | undefined
}
