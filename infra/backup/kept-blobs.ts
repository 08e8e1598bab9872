/** Copies the objects of the blob store into a backup of the log. */
import { Effect } from "effect"
import type { BlobStore, ListedBlob } from "../../domain/ports/blob-store.ts"
import type { KeptBlob } from "./log-chain.ts"
import { blobPath } from "./log-manifest.ts"
import type { Output } from "./output.ts"

/** Objects that are copied side by side, and how many are listed at once. */
const atOnce = 8
const listed = 1_000

/** Copies what is not kept already; an object that is removed meanwhile is left out, as nothing refers to it any more. */
export const keptBlobs = (store: BlobStore["Service"], output: Output, isKept: (blob: ListedBlob) => boolean) =>
  Effect.gen(function* () {
    const found: KeptBlob[] = []
    const copy = ({ key }: ListedBlob, slot: string) =>
      store.get(key).pipe(
        Effect.flatMap((blob) => attempt(() => copied(output, slot, key, blob))),
        Effect.map((kept) => void found.push(kept)),
        Effect.catchTag("BlobNotFound", () => Effect.void),
      )
    for (let after: string | undefined; ;) {
      const page = yield* store.list("", listed, after)
      yield* Effect.forEach(
        page.filter((blob) => !isKept(blob)),
        (blob, i) => copy(blob, `blobs/incoming-${i}`),
        { concurrency: atOnce, discard: true },
      )
      after = page.at(-1)?.key
      if (page.length < listed || after === undefined) break
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  })

const copied = async (
  output: Output,
  slot: string,
  key: string,
  { body, contentType }: { readonly body: AsyncIterable<Uint8Array>; readonly contentType: string },
): Promise<KeptBlob> => {
  const file = await output.file(slot)
  for await (const chunk of body) await file.write(Buffer.from(chunk))
  const { bytes, sha256 } = await file.end()
  // Equal contents lie there once.
  await output.move(slot, blobPath(sha256))
  return { key, size: bytes, sha256, content_type: contentType }
}

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, Error> =>
  Effect.tryPromise({ try: act, catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause))) })
