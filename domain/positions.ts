/** Positions as people write them: `topic/partition/offset`. */
import type { Position } from "../events/index.ts"
import { partitionName } from "./ports/event-log.ts"

export const positionName = ({ topic, partition, offset }: Position): string => `${topic}/${partition}/${offset}`

/** The position that a name stands for; undefined where it is none. */
export const positionNamed = (name: string): Position | undefined => {
  const [, topic, partition, offset] = /^(data-ingestion|control-events)\/(\d{1,9})\/(\d{1,15})$/.exec(name) ?? []
  if (topic !== "data-ingestion" && topic !== "control-events") return undefined
  return { topic, partition: Number(partition), offset: Number(offset) }
}

/** The last of some positions in each of their partitions. */
export const lastOfEach = (positions: readonly Position[]): readonly Position[] => {
  const last = new Map<string, Position>()
  for (const position of positions) {
    const name = partitionName(position)
    const known = last.get(name)
    if (known === undefined || known.offset < position.offset) last.set(name, position)
  }
  return [...last.values()]
}

/** The ends of some partitions; of all, where none are named. */
export const endsAmong = (ends: readonly Position[], only?: readonly Omit<Position, "offset">[]): readonly Position[] =>
  only === undefined
    ? ends
    : ends.filter((end) => only.some(({ topic, partition }) => topic === end.topic && partition === end.partition))
