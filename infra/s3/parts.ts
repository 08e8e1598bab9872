import { createHash } from "node:crypto"
import { UploadRefused, type UploadTerms } from "../../domain/ports/blob-store.ts"

export type Body = Uint8Array | AsyncIterable<Uint8Array>
type Terms = Omit<UploadTerms, "expiresInSeconds">

/**
 * The body in parts of exactly `partBytes`, and one smaller or empty at the end where no other came. Breaking the terms
 * throws {@link UploadRefused}, at the latest before the end is told: whoever saw the end may keep the parts.
 */
export async function* checkedParts(body: Body, terms: Terms, partBytes: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let count = 0
  for await (const chunk of checked(body, terms))
    for (let rest = chunk; rest.length > 0;) {
      const taken = rest.subarray(0, partBytes - heldBytes)
      held.push(taken)
      heldBytes += taken.length
      rest = rest.subarray(taken.length)
      if (heldBytes < partBytes) continue
      yield joined(held)
      count++
      held = []
      heldBytes = 0
    }
  if (heldBytes > 0 || count === 0) yield joined(held)
}

async function* checked(body: Body, { maxBytes = Infinity, sha256 }: Terms): AsyncGenerator<Uint8Array> {
  const hash = sha256 === undefined ? null : createHash("sha256")
  let size = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    size += chunk.length
    if (size > maxBytes)
      throw new UploadRefused({ message: `the content has more than the ${maxBytes} bytes allowed`, reason: "too-large" })
    hash?.update(chunk)
    yield chunk
  }
  if (hash !== null && hash.digest("hex") !== sha256?.toLowerCase())
    throw new UploadRefused({ message: "the content is not the one that the checksum is of", reason: "checksum" })
}

const joined = (chunks: readonly Uint8Array[]): Uint8Array => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
