import { createHash, type Hash } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"
import { UploadRefused, type UploadTerms } from "../../domain/ports/blob-store.ts"

export type Terms = Omit<UploadTerms, "expiresInSeconds">

export interface Received {
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** Takes the body into a new file and flushes it; refuses what breaks the terms, and leaves a file that is to be removed. */
export const receive = async (
  file: string,
  body: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  terms: Terms,
): Promise<Received> => {
  const handle = await open(file, "wx", 0o600)
  try {
    const hash = createHash("sha256")
    const size = await writeAll(handle, body instanceof Uint8Array ? [body] : body, hash, terms)
    const sha256 = hash.digest("hex")
    if (terms.sha256 !== undefined && terms.sha256.toLowerCase() !== sha256)
      throw new UploadRefused({ message: "the content has another SHA-256 than announced", reason: "checksum" })
    await handle.sync()
    return { size, sha256 }
  } finally {
    await handle.close()
  }
}

const writeAll = async (
  handle: FileHandle,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  hash: Hash,
  { maxBytes = Infinity }: Terms,
): Promise<number> => {
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw new UploadRefused({ message: `the content exceeds ${maxBytes} bytes`, reason: "too-large" })
    hash.update(chunk)
    await handle.writeFile(chunk)
  }
  return size
}
