import { Effect } from "effect"
import { type Settings, settings } from "../config.ts"
import { kafkaOptions } from "../engines.ts"
import type { WantedTopic } from "../kafka/create-topics.ts"
import type { Findings } from "../kafka/topics.ts"
import { type Command, runCommand } from "./command.ts"

export const topicsCommand: Command = {
  summary: "make the topics of a log in Kafka, or hold them to what they must be",
  help: `"create" makes those that are missing and changes none that are there; "check" only looks. Both tell what is wrong and
exit with 1 where the log must not be used so. KAFKA_BOOTSTRAP_SERVERS says where the brokers are.

The partitions of data-ingestion can never be changed: runs would move between them. Each is folded by one projector at a
time, so there is no use in more projectors than that.

  matyan topics create --replication 3
  matyan topics create --partitions 12 --dry-run
  matyan topics check
`,
  words: "create | check",
  options: {
    partitions: { type: "string", value: "n", says: "partitions of data-ingestion (MATYAN_PARTITIONS, else 6)" },
    replication: { type: "string", value: "n", says: "replicas of each topic (3)" },
    "dry-run": { type: "boolean", says: "ask the brokers whether they would, and make nothing" },
  },
  run: async ({ partitions, replication, "dry-run": dryRun }, words) => {
    const [word, ...more] = words
    if ((word !== "create" && word !== "check") || more.length > 0) return complain("say create or check")
    const shape = { partitions: numberOf(partitions), replication: numberOf(replication) }
    if (Number.isNaN(shape.partitions) || Number.isNaN(shape.replication))
      return complain("--partitions and --replication take whole numbers above 0")
    return runCommand(
      Effect.flatMap(settings, (chosen) =>
        Effect.tryPromise({ try: () => act(chosen, word, shape, dryRun === true), catch: (error) => error }),
      ),
    )
  },
}

interface Asked {
  readonly partitions: number | undefined
  readonly replication: number | undefined
}

const act = async (chosen: Settings, word: "create" | "check", asked: Asked, dryRun: boolean): Promise<number> => {
  const { kafkaClient } = await import("../kafka/client.ts")
  const { createTopics, missingTopics } = await import("../kafka/create-topics.ts")
  const { examineTopics } = await import("../kafka/examine.ts")
  const { describeTopics } = await import("../kafka/topics.ts")
  const { patiently } = await import("../kafka/patience.ts")
  const configured = kafkaOptions(chosen)
  const partitions = asked.partitions ?? configured.partitions
  const options = { ...configured, partitions }
  const client = kafkaClient(options, () => undefined)
  if (word === "create") {
    const facts = await describeTopics(client, options.topics)
    const shape = {
      partitions: partitions ?? defaultShape.partitions,
      replication: asked.replication ?? defaultShape.replication,
    }
    const wanted = missingTopics(facts, options.topics, shape)
    await createTopics(client, options.topics, wanted, dryRun)
    for (const topic of wanted) process.stdout.write(`${dryRun ? "would make" : "made"} ${shapeText(topic)}\n`)
    for (const found of Object.values(facts)) if (found !== null) process.stdout.write(`${found.name} is there\n`)
    if (dryRun) return 0
  }
  // The leaders of new partitions may not know it yet.
  return report((await patiently(client.requestTimeout, () => examineTopics(client, options))).findings)
}

const defaultShape = { partitions: 6, replication: 3 }

const shapeText = ({ name, partitions, replication, settings }: WantedTopic): string =>
  `${name}: partitions=${partitions}, replicas=${replication}, ${Object.entries(settings)
    .map(([setting, value]) => `${setting}=${value}`)
    .join(", ")}`

const report = ({ faults, warnings }: Findings): number => {
  for (const fault of faults) process.stdout.write(`wrong: ${fault}\n`)
  for (const warning of warnings) process.stdout.write(`note: ${warning}\n`)
  if (faults.length > 0) return 1
  process.stdout.write("the log can be used\n")
  return 0
}

const numberOf = (option: string | boolean | undefined): number | undefined => {
  if (option === undefined) return undefined
  const value = Number(option)
  return Number.isInteger(value) && value > 0 ? value : Number.NaN
}

const complain = (text: string): number => {
  process.stderr.write(`matyan: ${text}\n`)
  return 2
}
