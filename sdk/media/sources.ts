/** What users hand over as bytes. */
import type { BlobContent, Logbook } from "../logbook.ts"
import { isBytes } from "./hold.ts"
import type { FileAccess, LoggedFile, Platform } from "../platform.ts"

/** Whether something is a `Blob` (a `File` too), of whichever realm. */
export const isBlob = (value: unknown): value is Blob =>
  typeof value === "object" && value !== null && "arrayBuffer" in value && "stream" in value

/** Bytes of whatever view. */
export const bytesIn = (bytes: ArrayBufferView | ArrayBuffer): Uint8Array =>
  ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)

/** The files of where it runs; throws in a browser. */
export const filesOf = ({ files }: Platform): FileAccess => {
  if (files === null) throw new Error("paths of files are for Node; here it takes the bytes or a Blob")
  return files
}

/** A file as it is now; throws where there is none, or a folder. */
export const loggedFile = async (files: FileAccess, path: string): Promise<LoggedFile> => {
  const found = await files.stat(path)
  if (found === null) throw new Error(`there is no file ${path}`)
  if (found.isFolder) throw new Error(`${path} is a folder`)
  return { path, size: found.size, modified: found.modified, isGathered: false }
}

/** The bytes of a blob or stream as they come; also where streams are not iterable yet. */
export async function* chunksOf(source: object): AsyncGenerator<Uint8Array> {
  const stream = isBlob(source) ? source.stream() : source
  for await (const chunk of iterableOf(stream)) {
    if (!isBytes(chunk)) throw new Error("the stream is of something else than bytes")
    yield bytesIn(chunk)
  }
}

const iterableOf = (stream: object): AsyncIterable<unknown> => {
  if (Symbol.asyncIterator in stream) return stream as AsyncIterable<unknown>
  if ("getReader" in stream) return readsOf(stream as ReadableStream<unknown>)
  throw new Error("it is no file, bytes, Blob, stream or text")
}

async function* readsOf(stream: ReadableStream<unknown>): AsyncGenerator<unknown> {
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
}

/** A file's bytes, some at a time. */
export async function* slicesOf(files: FileAccess, { path, size }: LoggedFile): AsyncGenerator<Uint8Array> {
  const step = 2 ** 20
  for (let at = 0; at < size; at += step) yield files.slice(path, at, Math.min(size, at + step))
}

/** Keeps what comes: in a file beside the spools, or in memory where there are no files or no spools. A dry run keeps none of it. */
export const gathered = async ({ platform, place, isDry }: Logbook, chunks: AsyncIterable<Uint8Array>): Promise<BlobContent> => {
  if (isDry) return new Uint8Array()
  if (platform.files !== null && place !== "") return { file: await platform.files.gather(place, chunks) }
  const parts: BlobPart[] = []
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk))
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
