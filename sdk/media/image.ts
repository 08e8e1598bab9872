import type { Logbook } from "../logbook.ts"
import { type BlobObject, type Encoded, type Head, logBlobObject, logBytes } from "./blob-object.ts"
import { imageHead } from "./image-head.ts"
import type { Canvas } from "./hold.ts"
import type { ObjectOptions } from "./object.ts"
import { type Pixels, pngOf } from "./png.ts"

/** A picture: a file's bytes or (Node) path, a canvas, or its pixels (`ImageData`), which become a PNG. */
export type ImageSource = Encoded | Canvas | Pixels

/** What a picture is logged with. */
export interface ImageOptions extends ObjectOptions {
  readonly caption?: string
  /** Of bytes in a format that is not known by its head, such as "AVIF". PNG, JPEG, GIF, WebP, BMP and SVG are known. */
  readonly format?: string
}

/** Logs a picture that is held (`hold.ts`). */
export const logImage = (book: Logbook, name: string, held: unknown, options: ImageOptions): Promise<void> | void => {
  const object: BlobObject = { kind: "image", name, options, head: (bytes) => headOf(bytes, options) }
  if (held instanceof Promise) return held.then((blob: Blob) => logBlobObject(book, object, blob))
  if (typeof held !== "object" || held === null || !("data" in held)) return logBlobObject(book, object, held)
  return pngOf(held as Pixels).then((bytes) => logBytes(book, object, bytes))
}

const headOf = (bytes: Uint8Array, options: ImageOptions): Head => {
  const known = imageHead(bytes)
  const { format, width, height } = known ?? { format: options.format, width: null, height: null }
  if (format === undefined) throw new Error("it is no PNG, JPEG, GIF, WebP, BMP or SVG, and no format is given")
  const type = format.toLowerCase()
  return {
    fields: { format, caption: options.caption ?? "", width, height },
    extension: type.replace(/\W.*/, "") || "bin",
    contentType: `image/${type}`,
  }
}
