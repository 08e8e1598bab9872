/**
 * The binary form of many series (docs/series.md): frames, each of a header and of columns.
 *
 * Frame: bytes of the header and bytes of the body (4 bytes each, little-endian), the header (JSON, filled up with spaces
 * to a multiple of 8 bytes), the body (columns of little-endian float64, one after the other). So every column begins at a
 * multiple of 8 bytes, and readers need not copy it.
 */
import { jsonText } from "./json-body.ts"
import type { Tree } from "./stream-codec.ts"

export const frameOf = (header: Tree, columns: readonly Float64Array[] = []): Uint8Array => {
  const text = Buffer.from(jsonText(header))
  const padded = Math.ceil(text.length / 8) * 8
  const body = columns.reduce((sum, column) => sum + column.byteLength, 0)
  const frame = Buffer.allocUnsafe(8 + padded + body)
  frame.writeUInt32LE(padded, 0)
  frame.writeUInt32LE(body, 4)
  frame.fill(" ", 8 + text.length, 8 + padded)
  text.copy(frame, 8)
  let at = 8 + padded
  for (const column of columns) {
    frame.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at)
    at += column.byteLength
  }
  return frame
}
