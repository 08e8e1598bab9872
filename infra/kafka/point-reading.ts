/** Records here and there in the log: what stands near each other comes in one answer. */
import type { Cluster } from "kafkajs/src/cluster/index.js"
import type { Topic } from "../../events/define.ts"
import type { Position } from "../../events/index.ts"
import { partitionName } from "../../domain/ports/event-log.ts"
import { positionName } from "../../domain/positions.ts"
import type { StoredRecord } from "../avro/decode-records.ts"
import { byLeader, fetchFrom, type From } from "./fetching.ts"
import { storedRecord } from "./log-reading.ts"

/** A broker answers at once, for all that is asked for stands in the log. */
const waitMs = 500

interface Reach {
  readonly topicName: (topic: Topic) => string
  /** Where the partitions end; nothing is asked for beyond. */
  readonly ends: readonly Position[]
}

/** What the log has at these positions, by their names. */
export const readAt = async (
  cluster: Cluster,
  positions: readonly Position[],
  { topicName, ends }: Reach,
): Promise<ReadonlyMap<string, StoredRecord>> => {
  const stored = new Map<string, StoredRecord>()
  for (const [, asked] of Map.groupBy(standing(positions, ends), partitionName)) {
    const { topic, partition } = asked[0]!
    const wanted = new Set(asked.map(({ offset }) => offset))
    for (const offset of wanted) {
      if (stored.has(positionName({ topic, partition, offset }))) continue
      const messages = await fetchedFrom(cluster, { topic: topicName(topic), partition, offset })
      for (const record of messages.map(storedRecord))
        if (wanted.has(record.offset)) stored.set(positionName({ topic, partition, offset: record.offset }), record)
    }
  }
  return stored
}

const fetchedFrom = async (cluster: Cluster, from: From) => {
  for (const [nodeId, froms] of byLeader(cluster, [from])) {
    const [answer] = await fetchFrom(cluster, nodeId, froms, waitMs)
    if (answer !== undefined && answer.messages.length > 0) return answer.messages
  }
  throw new Error(`no broker has the record ${from.offset} of ${from.topic}/${from.partition}, which is in the log`)
}

/** Those that stand in the log, by ascending offsets. */
const standing = (positions: readonly Position[], ends: readonly Position[]): readonly Position[] => {
  const until = new Map(ends.map((end) => [partitionName(end), end.offset]))
  return positions
    .filter((position) => {
      const { offset } = position
      return Number.isSafeInteger(offset) && offset >= 0 && offset < (until.get(partitionName(position)) ?? 0)
    })
    .toSorted((a, b) => a.offset - b.offset)
}
