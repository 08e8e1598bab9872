/** Images and audios by the URIs that searches give out. */
import type { FastifyInstance } from "fastify"
import { Effect, Schema } from "effect"
import type { BlobInfo } from "../../domain/ports/blob-store.ts"
import { readObjects } from "../../projections/object-read.ts"
import { isRun } from "../../projections/run-presence.ts"
import { type BlobPlace, openBlobUri } from "./blob-uri.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf } from "./json-body.ts"
import { isId } from "./parameters.ts"
import { TreeWriter } from "./stream-codec.ts"
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

/** One at a time, so that no more than one object is held; URIs that are none of ours are left out. */
async function* blobsOf(gateway: Gateway, asked: readonly string[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const writer = new TreeWriter()
  for (const uri of asked) {
    if (signal.aborted) return
    const place = openBlobUri(uri, gateway.blobSecret)
    if (place === undefined) continue
    yield writer.write(await blobAt(gateway, place), [uri]).take()
  }
}

/** Empty where the item, or its object, is gone. */
const blobAt = async (gateway: Gateway, place: BlobPlace): Promise<Uint8Array> => {
  const { runId, step, index } = place
  if (!isId(runId)) return nothing
  const key = await gateway.read(async (rows) => {
    if (!(await isRun(rows, runId))) return undefined
    const [record] = await readObjects(rows, runId, place, [step])
    return record?.items[index]?.get("s3_key")
  })
  return typeof key === "string" ? contentOf(gateway, key) : nothing
}

const contentOf = async (gateway: Gateway, key: string): Promise<Uint8Array> => {
  const blob = await gateway.run(gateway.blobs.get(key).pipe(Effect.catchTag("BlobNotFound", () => Effect.succeed(null))))
  if (blob === null) return nothing
  const chunks: Uint8Array[] = []
  for await (const chunk of blob.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const nothing = new Uint8Array()
