/** Requests to the leaders of partitions for their records. */
import type { Cluster, FetchedMessage } from "kafkajs/src/cluster/index.js"
import { faultType, RecordsMissing } from "./faults.ts"
import { leaderOf } from "./producer.ts"

/** Where a partition, by its topic's name there, is to be read from. */
export interface From {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Fetched {
  readonly from: From
  /** Consecutive, beginning with the record at `from.offset`; empty where there is none yet. */
  readonly messages: readonly FetchedMessage[]
}

/** Most bytes that are asked for at once. A broker exceeds them rather than cut a batch of records that it holds. */
const mostBytes = { partition: 1024 * 1024, request: 4 * 1024 * 1024 }

/** What is to be asked of each leader, as leaders are known now. */
export const byLeader = (cluster: Cluster, froms: readonly From[]): ReadonlyMap<string, readonly From[]> =>
  Map.groupBy(froms, (from) => leaderOf(cluster, from))

/** Asks a leader for what follows in some of its partitions; it answers as soon as there is anything, or after `waitMs`. */
export const fetchFrom = async (
  cluster: Cluster,
  nodeId: string,
  froms: readonly From[],
  waitMs: number,
): Promise<readonly Fetched[]> => {
  const broker = await cluster.findBroker({ nodeId })
  try {
    const { responses } = await broker.fetch({
      isolationLevel: 0,
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: mostBytes.request,
      topics: Array.from(
        Map.groupBy(froms, ({ topic }) => topic),
        ([topic, partitions]) => ({ topic, partitions: partitions.map(requestOf) }),
      ),
    })
    const messages = new Map(
      responses.flatMap(({ topicName, partitions }) =>
        partitions.map((each) => [`${topicName}/${each.partition}`, each.messages]),
      ),
    )
    return froms.map((from) => ({ from, messages: continued(from, messages.get(`${from.topic}/${from.partition}`) ?? []) }))
  } catch (error) {
    throw faultType(error) === "OFFSET_OUT_OF_RANGE" ? await outOfRange(cluster, froms, error) : error
  }
}

const requestOf = ({ partition, offset }: From) => ({ partition, fetchOffset: String(offset), maxBytes: mostBytes.partition })

/** A broker answers with whole batches of records, so there may be some before the offset that was asked for. */
const continued = (from: From, messages: readonly FetchedMessage[]): readonly FetchedMessage[] => {
  const after = messages.filter(({ offset }) => Number(offset) >= from.offset)
  for (const [i, { offset }] of after.entries())
    if (Number(offset) !== from.offset + i) throw missing(from, from.offset + i, Number(offset))
  return after
}

const outOfRange = async (cluster: Cluster, froms: readonly From[], cause: unknown): Promise<unknown> => {
  for (const from of froms) {
    const [first, end] = [await endOf(cluster, from, true), await endOf(cluster, from, false)]
    if (from.offset < first) return missing(from, from.offset, first)
    if (from.offset > end)
      return new RecordsMissing(
        `${from.topic}/${from.partition} ends at ${end}, but was read up to ${from.offset} before: it was cut or made anew. ` +
          "The topic is the truth: restore it, or let the projections be made anew from it",
      )
  }
  return cause
}

const missing = ({ topic, partition }: From, wanted: number, found: number): RecordsMissing =>
  new RecordsMissing(
    `${topic}/${partition} has no records ${wanted} to ${found - 1} any more: they were deleted before they were read. ` +
      "The topic is the truth, so what is missing there is lost; see docs/kafka.md",
  )

const endOf = async (cluster: Cluster, { topic, partition }: From, fromBeginning: boolean): Promise<number> => {
  const [answer] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }])
  return Number(answer?.partitions[0]?.offset ?? 0)
}
