/** What goes over a WebSocket after the handshake (RFC 6455, section 5): written masked, as clients must, and read from pieces. */
import { randomBytes } from "node:crypto"

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** One whole frame with its mask. */
export const maskedFrame = (opcode: number, payload: Uint8Array): Buffer => {
  const { length } = payload
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  // The payload begins where four bytes can be masked at once.
  const start = 16
  const whole = new Uint8Array(start + length)
  const frame = Buffer.from(whole.buffer, start - 6 - lengthBytes)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  const mask = Uint8Array.from(randomBytes(4))
  whole.set(mask, start - 4)
  whole.set(payload, start)
  const words = new Uint32Array(whole.buffer, start, length >> 2)
  const word = new Uint32Array(mask.buffer)[0]!
  for (let i = 0; i < words.length; i++) words[i]! ^= word
  for (let i = length & ~3; i < length; i++) whole[start + i]! ^= mask[i & 3]!
  return frame
}

export interface SocketFrame {
  readonly isFinal: boolean
  readonly opcode: number
  readonly payload: Buffer
}

/** Servers of this protocol send short texts. */
const mostPayload = 2 ** 20

/** Puts the frames of a server together, however the bytes come. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** The frames that are whole now; a text says how the server broke the protocol. */
  take(chunk: Buffer): readonly SocketFrame[] | string {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const frames: SocketFrame[] = []
    for (let next = this.#next(); next !== null; next = this.#next()) {
      if (typeof next === "string") return next
      frames.push(next)
    }
    return frames
  }

  #next(): SocketFrame | string | null {
    const bytes = this.#bytes
    if (bytes.length < 2) return null
    const short = bytes[1]! & 127
    const start = short < 126 ? 2 : short === 126 ? 4 : 10
    if ((bytes[1]! & 128) !== 0 || (bytes[0]! & 0x70) !== 0) return "the server sent a frame that servers may not send"
    if (bytes.length < start) return null
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (length > mostPayload) return `the server sent a frame of ${length} bytes`
    if (bytes.length < start + length) return null
    this.#bytes = bytes.subarray(start + length)
    return { isFinal: bytes[0]! >= 128, opcode: bytes[0]! & 15, payload: bytes.subarray(start, start + length) }
  }
}
