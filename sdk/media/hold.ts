/** What was given as it is now: the caller may change bytes, or draw on, as soon as the call is over. */

/** A canvas of the page, an `OffscreenCanvas`, or one of the canvas packages for Node: each draws itself as a PNG. */
export type Canvas =
  | { readonly toBlob: (callback: (blob: Blob | null) => void) => void }
  | { readonly convertToBlob: () => Promise<Blob> }
  | { readonly toBuffer: (type: "image/png") => Uint8Array }

/** Bytes and samples are copied and canvases drawn; anything else is answered as it is. */
export const hold = (source: unknown): unknown => {
  if (typeof source !== "object" || source === null) return source
  if (isBytes(source)) return copyOf(source)
  if (Array.isArray(source)) return source.map(hold)
  if ("toBuffer" in source || "convertToBlob" in source || "toBlob" in source) return drawn(source as Canvas)
  if (!("data" in source && "width" in source && "height" in source)) return source
  return { width: source.width, height: source.height, data: hold(source.data) }
}

/** Whether something is bytes, or samples, in memory; of whichever realm. */
export const isBytes = (value: unknown): value is ArrayBufferView | ArrayBuffer =>
  ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === "[object ArrayBuffer]"

const copyOf = (bytes: ArrayBufferView | ArrayBuffer): ArrayBufferView | ArrayBuffer => {
  if (!ArrayBuffer.isView(bytes)) return bytes.slice(0)
  const typed = bytes instanceof DataView ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
  // Typed arrays of every kind take this, and stay of their kind; a Buffer's own `slice` would not copy.
  return Uint8Array.prototype.slice.call(typed)
}

const drawn = (canvas: Canvas): Promise<Blob> | Uint8Array => {
  if ("toBuffer" in canvas) return canvas.toBuffer("image/png")
  const blob = "convertToBlob" in canvas ? canvas.convertToBlob() : blobOf(canvas)
  // It may fail before anybody comes to look.
  blob.catch(() => undefined)
  return blob
}

const blobOf = (canvas: { readonly toBlob: (callback: (blob: Blob | null) => void) => void }): Promise<Blob> =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the canvas could not be drawn")) : resolve(blob))),
  )
