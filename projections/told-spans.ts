/** The spans that a fold tells: one for each frame or command of a batch that is followed. */
import type { Context } from "effect"
import type { Batch } from "../domain/ports/event-log.ts"
import type { Spans } from "../domain/ports/spans.ts"

export const tellFold = (
  spans: Context.Service.Shape<typeof Spans>,
  { topic, partition, records }: Batch,
  start: number,
  end: number,
): void => {
  let last: { readonly writer: string; readonly seq: number } | undefined
  for (const record of records) {
    // The events of one frame stand side by side.
    if (record.type === "Undecodable" || (record.meta.writer === last?.writer && record.meta.seq === last.seq)) continue
    const of = (last = { writer: record.meta.writer, seq: record.meta.seq })
    if (!spans.follows(of)) continue
    const attributes = { topic, partition, offset: record.position.offset, batch: records.length }
    spans.record({ name: "fold", of, start, end, attributes })
  }
}
