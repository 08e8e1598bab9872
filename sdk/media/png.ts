/** Pixels as a PNG file (RFC 2083), made without a library wherever there is a `CompressionStream`. */

/** Rows of pixels from the top left, with 1 (grey), 3 (RGB) or 4 (RGBA) bytes each; an `ImageData` is one. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Uint8ClampedArray
}

/** Colour type by bytes of a pixel. */
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 }

/** Rejects where the data are not as long as the size says. */
export const pngOf = async ({ width, height, data }: Pixels): Promise<Uint8Array> => {
  const colourType = colourTypes[data.length / width / height]
  if (colourType === undefined) throw new Error(`${data.length} bytes are not ${width} × ${height} pixels of 1, 3 or 4 bytes`)
  const head = new Uint8Array(13)
  const view = new DataView(head.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  head.set([8, colourType], 8)
  const rowBytes = data.length / height
  // Each row begins with how it is filtered: not at all.
  const rows = new Uint8Array(data.length + height)
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1)
  const packed = await new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer()
  const signature = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
  const file = new Blob([signature, chunk("IHDR", head), chunk("IDAT", new Uint8Array(packed)), chunk("IEND", new Uint8Array())])
  return new Uint8Array(await file.arrayBuffer())
}

/** Length, name, data, and the CRC-32 of the last two. */
const chunk = (name: string, data: Uint8Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(data.length + 12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i)
  bytes.set(data, 8)
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)))
  return bytes
}

const crc32 = (bytes: Uint8Array): number => {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
