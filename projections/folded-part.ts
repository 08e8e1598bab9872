/** What one transaction has folded, in so few words that another thread can be told. */
import { positionName } from "../domain/positions.ts"
import type { Batch, Partition } from "../domain/ports/event-log.ts"
import type { FoldOutcome, Unfolded } from "./fold.ts"

export interface FoldedPart extends Partition {
  /** The offset folded next. */
  readonly next: number
  readonly events: number
  readonly points: number
  /** What the log cannot give now; other dead letters are not told. */
  readonly unread: readonly Unread[]
}

interface Unread {
  /** Its position's name. */
  readonly position: string
  readonly reason: string
}

export const foldedPart = ({ topic, partition, records, next }: Batch, outcome: FoldOutcome): FoldedPart => {
  let points = 0
  for (const record of records) if (record.type === "PointsLogged") points += record.data.values.length
  const unread = outcome._tag === "Folded" ? outcome.unfolded.flatMap(unreadIn) : []
  return { topic, partition, next, events: records.length, points, unread }
}

const unreadIn = ({ record, reason }: Unfolded): readonly Unread[] =>
  record.type === "Undecodable" && record.reason === reason ? [{ position: positionName(record.position), reason }] : []
