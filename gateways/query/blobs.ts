/** Images and audios by the URIs that searches give out. */
import type { FastifyInstance } from "fastify"
import { Effect, Schema } from "effect"
import type { Blob, BlobInfo } from "../../domain/ports/blob-store.ts"
import { readObjects } from "../../projections/object-read.ts"
import { isRun } from "../../projections/run-presence.ts"
import { type BlobPlace, openBlobUri } from "./blob-uri.ts"
import { HttpFault } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf } from "./json-body.ts"
import { isId } from "./parameters.ts"
import { mostBytes, TreeWriter } from "./stream-codec.ts"
import { clientSignal, sendStream } from "./streaming.ts"

export const blobRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    for (const type of ["images", "audios"])
      app.post(`/runs/${type}/get-batch`, async (request, reply) =>
        sendStream(reply, blobsOf(gateway, bodyOf(request, uris), clientSignal(reply))),
      )
  }

/** What is known of an object; null where there is none. */
export const infoOrNull = (gateway: Gateway, key: string): Promise<BlobInfo | null> =>
  gateway.run(gateway.blobs.info(key).pipe(Effect.catchTag("BlobNotFound", () => Effect.succeed(null))))

const uris = Schema.Array(Schema.String)

/** Each as its store gives it, so that none has to be held; URIs that are none of ours are left out. */
async function* blobsOf(gateway: Gateway, asked: readonly string[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const writer = new TreeWriter()
  for (const uri of asked) {
    if (signal.aborted) return
    const place = openBlobUri(uri, gateway.blobSecret)
    if (place === undefined) continue
    const blob = await blobAt(gateway, place)
    if (blob === null) yield writer.head(0, [uri]).take()
    else yield* recordOf(writer, uri, blob)
  }
}

/** Null where the item, or its object, is gone. */
const blobAt = async (gateway: Gateway, place: BlobPlace): Promise<Blob | null> => {
  const { runId, step, index } = place
  if (!isId(runId)) return null
  const key = await gateway.read(async (rows) => {
    if (!(await isRun(rows, runId))) return undefined
    const [record] = await readObjects(rows, runId, place, [step])
    return record?.items[index]?.get("s3_key")
  })
  if (typeof key !== "string") return null
  return gateway.run(gateway.blobs.get(key).pipe(Effect.catchTag("BlobNotFound", () => Effect.succeed(null))))
}

/** Once the size is told, the rest of the answer could not be read with any other, so it ends. */
async function* recordOf(writer: TreeWriter, uri: string, { size, body }: Blob): AsyncGenerator<Uint8Array> {
  let left = size
  let isBegun = false
  for await (const chunk of body) {
    if (size >= mostBytes) throw new HttpFault(413, "An object has 4 GiB or more, which this answer cannot tell")
    left -= chunk.length
    if (left < 0) break
    yield isBegun ? chunk : Buffer.concat([writer.head(size, [uri]).take(), chunk])
    isBegun = true
  }
  if (left !== 0) throw new Error("an object is not as long as its store told")
  if (!isBegun) yield writer.head(size, [uri]).take()
}
