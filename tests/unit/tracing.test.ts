import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { Effect } from "effect"
import { expect, onTestFinished, test } from "vitest"
import { Spans } from "../../domain/ports/spans.ts"
import { traced } from "../../infra/observe/tracing.ts"

interface Sent {
  readonly traceId: string
  readonly parentSpanId: string
  readonly name: string
}

/** A collector that keeps what it is sent. */
const collector = async () => {
  const sent: Sent[] = []
  const server = createServer(async (request, response) => {
    const { resourceSpans } = JSON.parse(await text(request))
    for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) sent.push(...spans)
    response.end("{}")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  return { sent, otlpEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const said = (name: string, seq: number) =>
  Effect.map(Spans, (spans) => {
    const of = { writer: "3b7c", seq }
    if (!spans.follows(of)) return false
    spans.record({ name, of, start: Date.now() - 5, end: Date.now(), attributes: { events: 1 } })
    return true
  })

test("two processes tell of one frame in one trace, and of another in another", async () => {
  const { sent, otlpEndpoint } = await collector()
  const process = traced({ otlpEndpoint, traceRatio: 1 }, "test")
  await Effect.runPromise(Effect.scoped(process(said("append frame", 1))))
  await Effect.runPromise(Effect.scoped(process(Effect.andThen(said("fold", 1), said("fold", 2)))))
  const [append, fold, other] = ["append frame", "fold", "fold"].map(
    (name, i) => sent.filter((span) => span.name === name)[i === 2 ? 1 : 0],
  )
  expect(sent).toHaveLength(3)
  expect(append?.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(fold).toMatchObject({ traceId: append?.traceId, parentSpanId: append?.parentSpanId })
  expect(other?.traceId).not.toBe(append?.traceId)
})

test("every process follows the same share of them", async () => {
  const { otlpEndpoint } = await collector()
  const follows = (role: string) =>
    Effect.runPromise(
      Effect.scoped(
        traced(
          { otlpEndpoint, traceRatio: 0.25 },
          role,
        )(Effect.map(Spans, (spans) => Array.from({ length: 2_000 }, (_, seq) => spans.follows({ writer: "3b7c", seq })))),
      ),
    )
  const followed = await follows("one")
  expect(await follows("other")).toEqual(followed)
  const share = followed.filter(Boolean).length / followed.length
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThan(0.3)
})

test("nobody is told anything where no collector is named", async () => {
  expect(await Effect.runPromise(traced({ otlpEndpoint: undefined, traceRatio: 1 }, "test")(said("append frame", 1)))).toBe(false)
})
