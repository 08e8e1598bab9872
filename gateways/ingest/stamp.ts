import type { AnyEvent } from "../../events/index.ts"
import type { Stated } from "../../domain/ingest/frame-facts.ts"

export interface FrameStamp {
  /** Of the frames of `matyan.v1` the client's own; else the connection that the frame came on. */
  readonly writer: string
  /** The frame's number among those of the writer. */
  readonly seq: number
  /** Unix seconds. */
  readonly serverTime: number
  /** Draws a UUID. */
  readonly newId: () => string
}

/** Parts of what stands at one place; far more than it can state. */
const partsPerPlace = 2 ** 12

/**
 * Makes events of a frame's facts. Their parts follow from the places of what states them, so that a frame that is sent again has
 * the same ones, even where some of it is refused at one time and not at another.
 */
export const stamp = (stated: readonly Stated[], { writer, seq, serverTime, newId }: FrameStamp): readonly AnyEvent[] => {
  let last = 0
  let parts = 0
  return stated.map(({ fact, at, place = 0 }): AnyEvent => {
    parts = place === last ? parts : 0
    last = place
    const part = place * partsPerPlace + parts++
    const meta = { id: newId(), at, serverTime, project: "00000000", actor: "anonymous", cause: null, writer, seq, part }
    // A fact of any type with its metadata is an event of that type.
    return { ...fact, meta } as AnyEvent
  })
}
