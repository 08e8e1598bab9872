/** The sealed frames of one writer: in the spool until they are answered, the next few of them in memory as well. */
import type { Lane } from "./lane.ts"
import type { Spool, StoredFrame } from "./platform.ts"

/** Sealed frames on their way. */
export interface Outbox extends Lane {
  /** The number that the next frame takes. */
  readonly next: () => number
  /** Keeps a frame to send it; false where there is no room for it anywhere: it is dropped, and its number is free. */
  readonly append: (frame: StoredFrame) => boolean
  /** Frames that are not answered yet. */
  readonly waiting: () => number
}

/** How much an outbox holds, and whom it tells. */
export interface OutboxOptions {
  /** Bytes of frames that it keeps in memory besides the spool, to send them without reading; and where the spool is full. */
  readonly keepBytes: number
  /** Told when a frame that was "soon" is there. */
  readonly onReady: () => void
  readonly problem: (text: string) => void
}

/** About what is read at once from the spool when memory has fallen behind it. */
const readBytes = 2 ** 17

const bytesOf = (frames: readonly StoredFrame[]): number => frames.reduce((sum, { bytes }) => sum + bytes.length, 0)

/** The outbox of a spool: of a new one, or of what an earlier process left. */
export const outboxOf = (spool: Spool, { keepBytes, onReady, problem }: OutboxOptions): Outbox => {
  let next = spool.nextSeq
  /** The number to take next, and above all that are answered. */
  let cursor = 0
  let unanswered = 0
  let taken = 0
  /** Frames of the spool from the cursor on, without gaps to the last here. */
  let ahead: StoredFrame[] = []
  /** Frames that the spool had no room for, all above those that it has. */
  let held: StoredFrame[] = []
  let isReading = false
  let isBroken = false
  let rewinds = 0

  const store = (frame: StoredFrame): boolean => {
    try {
      spool.append(frame)
      return true
    } catch (error) {
      problem(`no room to keep what is logged, only memory is left: ${String(error)}`)
      return false
    }
  }

  const hold = (frame: StoredFrame): boolean => {
    if (bytesOf(held) + frame.bytes.length > keepBytes) return false
    held.push(frame)
    return true
  }

  const read = (): "soon" => {
    if (isReading) return "soon"
    isReading = true
    const known = rewinds
    const until = held[0]?.seq ?? next
    spool.read(cursor, readBytes).then(
      (frames) => {
        isReading = false
        if (known === rewinds) {
          ahead = frames.filter(({ seq }) => seq >= cursor)
          // What the spool knows nothing of any more, damaged or released, is not waited for.
          if (ahead.length === 0) cursor = until
        }
        onReady()
      },
      (error: unknown) => {
        isReading = false
        isBroken = true
        problem(`what waits could not be read, it stays where it is: ${String(error)}`)
      },
    )
    return "soon"
  }

  const give = (frame: StoredFrame): StoredFrame => {
    cursor = frame.seq + 1
    taken++
    return frame
  }

  return {
    writer: spool.writer,
    next: () => next,
    waiting: () => next - unanswered,
    append: (frame) => {
      while (held[0] !== undefined && store(held[0])) held.shift()
      const isStored = held.length === 0 && store(frame)
      if (!isStored && !hold(frame)) return false
      const isNext = (ahead.at(-1)?.seq ?? cursor - 1) === frame.seq - 1
      if (isStored && isNext && bytesOf(ahead) + frame.bytes.length <= keepBytes) ahead.push(frame)
      next = frame.seq + 1
      return true
    },
    take: () => {
      if (cursor >= next || isBroken) return null
      const frame = ahead.shift()
      if (frame !== undefined) return give(frame)
      const kept = held.find(({ seq }) => seq >= cursor)
      return kept !== undefined && cursor >= held[0]!.seq ? give(kept) : read()
    },
    answered: (seq) => {
      taken--
      unanswered = seq + 1
      held = held.filter((frame) => frame.seq > seq)
      spool.release(seq)
    },
    rewind: () => {
      rewinds++
      cursor = unanswered
      taken = 0
      ahead = []
      isBroken = false
    },
    isDone: () => cursor >= next && taken === 0,
  }
}
