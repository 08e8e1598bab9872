import type { Cluster } from "kafkajs/src/cluster/index.js"
import { partitionOf } from "../../domain/murmur2.ts"
import { byLeader, fetchFrom } from "./fetching.ts"

/**
 * The partition count that a topic began with is written nowhere, but its oldest records tell: each must stand where its key
 * belongs among the partitions that there are now. Null, or what is wrong. With ten runs among the oldest records, an increase
 * goes unnoticed once in a thousand times.
 */
export const partitionsWereAdded = async (cluster: Cluster, topic: string, count: number): Promise<string | null> => {
  const partitions = Array.from({ length: count }, (_, partition) => ({ partition }))
  const [oldest] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: true }])
  const froms = (oldest?.partitions ?? []).map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
  for (const [nodeId, some] of byLeader(cluster, froms))
    for (const { from, messages } of await fetchFrom(cluster, nodeId, some, 0))
      for (const { key } of messages)
        if (key !== null && partitionOf(key, count) !== from.partition)
          return (
            `the topic ${topic} has ${count} partitions now, but had fewer when its oldest records were written: its runs would ` +
            "move between partitions; copy it into a topic with the count it began with"
          )
  return null
}
