import type { KafkaClient } from "./client.ts"
import { Linked } from "./link.ts"
import type { KafkaOptions } from "./options.ts"
import { partitionsWereAdded } from "./partition-count.ts"
import { describeTopics, type Findings, judgeTopics, type TopicsFacts } from "./topics.ts"

/** Looks at the topics, and at the oldest records: whether the log may be used as it is. */
export const examineTopics = async (
  client: KafkaClient,
  options: KafkaOptions,
): Promise<{ readonly facts: TopicsFacts; readonly findings: Findings }> => {
  const facts = await describeTopics(client, options.topics)
  const findings = judgeTopics(facts, options)
  const data = facts["data-ingestion"]
  if (data === null || findings.faults.length > 0) return { facts, findings }
  const linked = new Linked(client, [data.name])
  try {
    const added = await linked.use((cluster) => partitionsWereAdded(cluster, data.name, data.partitions))
    return { facts, findings: { ...findings, faults: added === null ? [] : [added] } }
  } finally {
    linked.close()
  }
}
