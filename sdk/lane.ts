/** The frames of one writer on their way: those of one lane are sent in order, however often, until each is answered. */
import type { StoredFrame } from "./platform.ts"

/** What one writer has to send, in order. */
export interface Lane {
  readonly writer: string
  /** The next frame to send; "soon" while it is being read (it is called for again then), null where nothing is to be sent now. */
  readonly take: () => StoredFrame | "soon" | null
  /** A frame that was taken is answered: the server has it for good, or refused it for good for the reason given. */
  readonly answered: (seq: number, refusal: string | null) => void
  /** What was taken and not answered is to be taken again: the connection is gone. */
  readonly rewind: () => void
  /** Whether all is answered. */
  readonly isDone: () => boolean
}
