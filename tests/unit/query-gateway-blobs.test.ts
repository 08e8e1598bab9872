/** Images are sent as they are read, so that one of any size needs no memory. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import type { Blob, BlobStore } from "../../domain/ports/blob-store.ts"
import { sealBlobUri } from "../../gateways/query/blob-uri.ts"
import { goldenSecret, goldenStore } from "../support/golden-store.ts"
import { decodeRecords } from "../support/stream-decoder.ts"
import { until } from "../support/wait.ts"

const chunk = Buffer.alloc(1024 * 1024, 7)

/** Objects of so many chunks that are said to have `size` bytes; tells how many chunks were asked for, and whether that has ended. */
const large = (chunks: number, size: number) => {
  const asked = { chunks: 0, isOver: false }
  const body = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (; asked.chunks < chunks; asked.chunks++) yield chunk
    } finally {
      asked.isOver = true
    }
  }
  const over = (blobs: BlobStore["Service"]): BlobStore["Service"] => ({
    ...blobs,
    get: (key, range) => Effect.map(blobs.get(key, range), (blob): Blob => ({ ...blob, size, body: body() })),
  })
  return { asked, over }
}

const uri = sealBlobUri({ runId: "a".repeat(32), contextId: 0, name: "img", step: 0, index: 0 }, goldenSecret)

const asking = async (blobs: (blobs: BlobStore["Service"]) => BlobStore["Service"]) => {
  const { server } = await goldenStore({ blobs })
  const address = await server.listen({ host: "127.0.0.1", port: 0 })
  return fetch(`${address}/api/v1/rest/runs/images/get-batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([uri, "not ours"]),
  })
}

it("an image arrives whole, whatever chunks it is read in", async () => {
  const reply = await asking(large(5, 5 * chunk.length).over)
  const records = decodeRecords(new Uint8Array(await reply.arrayBuffer()))
  expect(records.map(({ path }) => path)).toEqual([[uri]])
  expect(Buffer.from(records[0]!.value as Uint8Array).equals(Buffer.concat(Array.from({ length: 5 }, () => chunk)))).toBe(true)
})

it("an image is read as its client takes it, and no more once that is gone", async () => {
  const { asked, over } = large(4_000, 4_000 * chunk.length)
  const reply = await asking(over)
  const reader = reply.body!.getReader()
  expect((await reader.read()).done).toBe(false)
  await reader.cancel()
  await until(
    "reading to end",
    async () => asked.isOver,
    (isOver) => isOver,
  )
  expect(asked.chunks).toBeLessThan(1_000)
})

it.each([
  ["shorter", 2, 3 * chunk.length],
  ["longer", 3, 2 * chunk.length],
])("an object that is %s than was told ends the answer, which would be read wrongly else", async (_, chunks, size) => {
  const reply = asking(large(chunks, size).over)
  await expect(reply.then((answer) => answer.arrayBuffer())).rejects.toThrow()
})

it("an object of 4 GiB is refused, for the answer cannot tell its length", async () => {
  const { asked, over } = large(4_096, 4_096 * chunk.length)
  expect((await asking(over)).status).toBe(413)
  expect(asked).toEqual({ chunks: 0, isOver: true })
})
