/** A blob store in memory, for tests that are not about keeping. Like any adapter it does what its port says. */
import { Effect, Layer } from "effect"
import { type BlobInfo, BlobNotFound, BlobStore } from "../../domain/ports/blob-store.ts"

/** Objects by key, in one bucket. */
export const memoryBlobs = (objects: ReadonlyMap<string, Uint8Array>): Layer.Layer<BlobStore> => {
  const info = (key: string): Effect.Effect<BlobInfo, BlobNotFound> => {
    const bytes = objects.get(key)
    return bytes === undefined
      ? Effect.fail(new BlobNotFound({ message: "no such object", key }))
      : Effect.succeed({ key, size: bytes.length, contentType: "application/octet-stream", modified: 1_767_225_600 })
  }
  const never = () => Effect.die("these tests write no objects")
  return Layer.succeed(BlobStore, {
    signUpload: never,
    signDownload: never,
    put: never,
    get: (key, range) =>
      info(key).pipe(
        Effect.map((found) => ({
          ...found,
          body: chunked(objects.get(key)?.subarray(range?.start ?? 0, range?.end) ?? nothing),
        })),
      ),
    info,
    list: never,
    remove: never,
    check: Effect.void,
    uriOf: (key) => `s3://matyan-artifacts/${key}`,
    local: null,
  })
}

const nothing = new Uint8Array()

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 3) yield bytes.subarray(at, at + 3)
}
