/** What the first bytes of a picture tell: its format and size in pixels. */

/** What a picture is, without its pixels. */
export interface ImageHead {
  /** As the stock client names it, and as readers put it into a `data:` address. */
  readonly format: string
  /** Null where it is not told. */
  readonly width: number | null
  readonly height: number | null
}

/**
 * Reads the head of a PNG (RFC 2083), JPEG (ITU-T T.81), GIF (89a), WebP (RFC 9649), BMP or SVG; null for anything else. Of
 * JPEG and SVG it may take some kilobytes.
 */
export const imageHead = (bytes: Uint8Array): ImageHead | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const begins = (text: string, at = 0): boolean => latin(bytes, at, at + text.length) === text
  try {
    if (begins("\x89PNG\r\n\x1a\n")) return { format: "PNG", width: view.getUint32(16), height: view.getUint32(20) }
    if (begins("GIF8")) return { format: "GIF", width: view.getUint16(6, true), height: view.getUint16(8, true) }
    if (begins("BM")) return { format: "BMP", width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }
    if (begins("\xff\xd8\xff")) return jpegHead(view)
    if (begins("RIFF") && begins("WEBP", 8)) return webpHead(view, latin(bytes, 12, 16))
  } catch {
    // Cut off within its head: what it has of one is of no use.
    return null
  }
  return svgHead(new TextDecoder().decode(bytes.subarray(0, 4096)))
}

const latin = (bytes: Uint8Array, start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end))

/** Goes from marker to marker until one begins a frame (SOF0…15, without DHT, JPG and DAC), which holds the size. */
const jpegHead = (view: DataView): ImageHead => {
  for (let at = 2; ;) {
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { format: "JPEG", width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    // A marker may be filled up with bytes of ones before it.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2)
  }
}

const webpHead = (view: DataView, chunk: string): ImageHead => {
  const sized = (width: number, height: number): ImageHead => ({ format: "WEBP", width, height })
  const three = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16
  if (chunk === "VP8X") return sized(three(24) + 1, three(27) + 1)
  if (chunk !== "VP8L") return sized(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff)
  const bits = view.getUint32(21, true)
  return sized((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
}

const svgHead = (text: string): ImageHead | null => {
  // A page may hold such a picture, too.
  const tag = /^\s*</.test(text) && !/<html/i.test(text) ? /<svg[\s>][^>]*/.exec(text)?.[0] : undefined
  if (tag === undefined) return null
  const pixels = (side: "width" | "height"): number => Number(new RegExp(`\\s${side}=["']([\\d.]+)(?:px)?["']`).exec(tag)?.[1])
  const box = /\sviewBox=["'][-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)/.exec(tag)
  const width = pixels("width") || Number(box?.[1]) || null
  return { format: "svg+xml", width, height: pixels("height") || Number(box?.[2]) || null }
}
