/** The protocol `matyan.v1` (docs/protocol.md): binary frames that bear their writers' numbers. */
import type { Frame } from "../../domain/frame.ts"
import { decodeFrame } from "../../domain/frame-decode.ts"
import type { RunIntake } from "../../domain/ingest/intake.ts"
import { translateSections } from "../../domain/ingest/translate-sections.ts"
import { lastOfEach, positionName } from "../../domain/positions.ts"
import type { Position } from "../../events/index.ts"
import type { Dialect, Reply, Shared } from "./connection.ts"
import { store, together } from "./storing.ts"

/** The WebSocket subprotocol by which a client asks for it. */
export const frameProtocol = "matyan.v1"

export class FrameDialect implements Dialect {
  readonly greeting: string
  readonly #intake: RunIntake
  readonly #shared: Shared

  constructor(intake: RunIntake, shared: Shared) {
    this.#intake = intake
    this.#shared = shared
    const { framesPerSocket } = shared.options
    this.greeting = JSON.stringify({
      protocol: frameProtocol,
      frame_bytes: intake.limits.frameBytes,
      frames_in_flight: framesPerSocket,
    })
  }

  reply(bytes: Buffer, isBinary: boolean): Reply | Promise<string> {
    if (!isBinary) return { code: 1003, reason: "frames of this protocol are binary" }
    const frame = decodeFrame(bytes)
    if (typeof frame === "string") return { code: 1002, reason: frame.slice(0, mostReason) }
    const { bind, clock, metrics } = this.#shared
    const serverTime = clock.currentTimeMillisUnsafe() / 1_000
    const { stated, error, counts } = translateSections(frame, this.#intake, serverTime, bind)
    metrics.messages(counts)
    if (stated.length === 0) return replyText(frame, error)
    const stored = store(this.#shared, this.#intake, stated, {
      writer: frame.writer,
      seq: frame.seq,
      serverTime,
      bytes: bytes.length,
    })
    return stored.then(({ refused, positions }) => replyText(frame, together(error, refused), positions))
  }
}

/** What a closing frame may hold, in bytes; all reasons are ASCII. */
const mostReason = 123

/** `position`: where what the frame states ends in the log, in each partition. */
const replyText = ({ writer, seq }: Frame, error: string | null, positions: readonly Position[] = []): string => {
  const position = positions.length === 0 ? undefined : lastOfEach(positions).map(positionName).join(",")
  return JSON.stringify({ status: error === null ? "ok" : "error", error, writer, seq, position })
}
