/** A member of a group in a process of its own: `share-worker.ts <options as JSON> <folder> <group>`; prints a line once it takes. */
import { Effect } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KafkaOptions } from "../../infra/kafka/options.ts"
import { kafkaLogIn } from "./kafka-log.ts"

const [options = "", folder = "", group = ""] = process.argv.slice(2)

const sharing = Effect.flatMap(EventLog, (log) =>
  log.share(group, {
    start: ({ topic, partition }) =>
      Effect.sync(() => void process.stdout.write(`has ${topic}/${partition}\n`)).pipe(Effect.as(0)),
    take: ({ next }) => Effect.sync(() => void process.stdout.write("takes\n")).pipe(Effect.as(next)),
  }),
)
// The options are those that the test made.
await Effect.runPromise(Effect.provide(sharing, kafkaLogIn(JSON.parse(options) as KafkaOptions, folder)))
