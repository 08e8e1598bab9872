import Fastify from "fastify"
import { AsyncLocalStorage } from "node:async_hooks"
import { get, type IncomingMessage } from "node:http"
import { expect, onTestFinished, test } from "vitest"
import { sendStream } from "../../gateways/query/streaming.ts"
import { until } from "../support/wait.ts"

test("what a long answer is made of is read in its request's context, also where its client takes it late", async () => {
  const context = new AsyncLocalStorage<string>()
  const seen: (string | undefined)[] = []
  const parts = 64
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < parts; i++) {
      seen.push(context.getStore())
      yield Buffer.alloc(1 << 20)
    }
  }
  const server = Fastify()
  onTestFinished(() => server.close())
  server.get("/", (_request, reply) => context.run("the request's", () => sendStream(reply, chunks())))
  const address = await server.listen({ host: "127.0.0.1", port: 0 })
  const answer = await new Promise<IncomingMessage>((resolve) => get(address, resolve))
  let before = -1
  await until(
    "the buffers to be full",
    () => [before, (before = seen.length)] as const,
    ([then, now]) => now > 0 && then === now,
  )
  expect(seen.length).toBeLessThan(parts)
  answer.resume()
  await new Promise((resolve) => answer.once("end", resolve))
  expect(seen).toEqual(Array.from({ length: parts }, () => "the request's"))
})
