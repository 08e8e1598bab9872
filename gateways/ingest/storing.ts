/** What a frame states becomes events, and they go to the log. */
import type { RunIntake } from "../../domain/ingest/intake.ts"
import type { Stated } from "../../domain/ingest/frame-facts.ts"
import { reached } from "../../domain/milestones.ts"
import { spanClock } from "../../domain/ports/spans.ts"
import type { Outcome } from "./appender.ts"
import type { Shared } from "./connection.ts"
import { type FrameStamp, stamp } from "./stamp.ts"

/** Settles when the log has what the frame of so many bytes states; with why, where it will not have some of it. */
export const store = async (
  { appender, newId, spans }: Shared,
  { runId }: RunIntake,
  stated: readonly Stated[],
  frame: Omit<FrameStamp, "newId"> & { readonly bytes: number },
): Promise<Outcome> => {
  const begun = spanClock()
  const outcome = await appender.append(runId, stamp(stated, { ...frame, newId }), frame.bytes)
  reached("frame: before answer")
  const of = { writer: frame.writer, seq: frame.seq }
  if (spans.follows(of)) {
    const attributes = { run: runId, events: stated.length, bytes: frame.bytes }
    spans.record({ name: "append frame", of, start: begun, end: spanClock(), attributes })
  }
  return outcome
}

/** Both of what is wrong, one below the other; null where nothing is. */
export const together = (one: string | null, other: string | null): string | null =>
  one === null || other === null ? (one ?? other) : `${one}\n${other}`
