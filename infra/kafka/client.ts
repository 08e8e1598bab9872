/** What every connection to the cluster is made with. */
import { readFileSync } from "node:fs"
import type { ConnectionOptions } from "node:tls"
import { Effect } from "effect"
import { type KafkaConfig, logLevel, type SASLOptions } from "kafkajs"
import type { KafkaOptions, KafkaSecurity } from "./options.ts"
import { quietQueues } from "./quiet-queues.ts"

export type KafkaClient = KafkaConfig & {
  readonly brokers: string[]
  readonly logCreator: NonNullable<KafkaConfig["logCreator"]>
  readonly logLevel: logLevel
  readonly connectionTimeout: number
  readonly authenticationTimeout: number
  readonly requestTimeout: number
}

const longestConnecting = 5_000
const defaultRequestTimeoutMs = 10_000

// Whoever speaks to the cluster does so by what is made here.
quietQueues()

/** Reads the certificates; throws where one cannot be read or the security is stated by halves. */
export const kafkaClient = (options: KafkaOptions, log: (text: string, fields: object) => void): KafkaClient => {
  const requestTimeout = options.requestTimeoutMs ?? defaultRequestTimeoutMs
  const connectionTimeout = Math.min(longestConnecting, requestTimeout)
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...securityOf(options.security),
    connectionTimeout,
    authenticationTimeout: connectionTimeout,
    requestTimeout,
    logLevel: logLevel.INFO,
    logCreator:
      () =>
      ({ namespace, label, log: { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } }) =>
        log(message, { ...rest, part: namespace, level: label }),
  }
}

/**
 * kafkajs writes every retry as an error, in passing: what matters comes to us as a fault, and is told where it is waited out.
 * So all that it says is for those who look closely.
 */
export const quietLog: Effect.Effect<(text: string, fields: object) => void> = Effect.map(Effect.context<never>(), (context) => {
  const fork = Effect.runForkWith(context)
  return (text, fields) => void fork(Effect.logDebug(`kafkajs: ${text}`, fields))
})

const securityOf = (security: KafkaSecurity): Pick<KafkaConfig, "ssl" | "sasl"> => ({
  ...(security.protocol.endsWith("SSL") ? { ssl: tlsOf(security) } : {}),
  ...(security.protocol.startsWith("SASL") ? { sasl: saslOf(security) } : {}),
})

const tlsOf = ({ caFile, certFile, keyFile }: KafkaSecurity): ConnectionOptions => ({
  ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
  ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
  ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
})

const saslOf = ({ protocol, mechanism = "PLAIN", username, password }: KafkaSecurity): SASLOptions => {
  if (username === undefined || password === undefined) throw new Error(`${protocol} needs a user name and a password`)
  if (mechanism === "PLAIN") return { mechanism: "plain", username, password }
  if (mechanism === "SCRAM-SHA-256") return { mechanism: "scram-sha-256", username, password }
  return { mechanism: "scram-sha-512", username, password }
}
