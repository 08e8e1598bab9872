import { randomUUID } from "node:crypto"
import type { AnyEvent } from "../../events/index.ts"
import type { Stated } from "../../domain/ingest/frame-facts.ts"

/** Makes events of a frame's facts: `seq` is the frame's number on its connection, which is the `writer`. */
export const stamp = (stated: readonly Stated[], writer: string, seq: number, serverTime: number): readonly AnyEvent[] =>
  stated.map(({ fact, at }, part): AnyEvent => {
    const meta = { id: randomUUID(), at, serverTime, project: "00000000", actor: "anonymous", cause: null, writer, seq, part }
    // A fact of any type with its metadata is an event of that type.
    return { ...fact, meta } as AnyEvent
  })
