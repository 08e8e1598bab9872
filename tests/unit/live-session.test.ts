import { Effect } from "effect"
import { describe, expect, onTestFinished, test } from "vitest"
import { EventLog, partitionName } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { Cursors } from "../../gateways/query/live-cursor.ts"
import { LiveFilter } from "../../gateways/query/live-filter.ts"
import { Mailbox, Outbox } from "../../gateways/query/live-outbox.ts"
import { LiveSession } from "../../gateways/query/live-session.ts"
import type { LiveEvent, Slice } from "../../gateways/query/live-slices.ts"
import { Tail } from "../../gateways/query/live-tail.ts"
import { makeLiveFeed } from "../../projections/live-feed.ts"
import { type LiveBed, liveBed } from "../support/live.ts"
import { until } from "../support/wait.ts"

const anEvent: LiveEvent = { topic: "runs", run: "a", data: {}, text: "{}", id: "" }
const slice = (id: string, events: number): Slice => ({
  events: Array.from({ length: events }, () => anEvent),
  after: new Map(),
  id,
})

/** A tail and one session on it, whose client reads only when it is told to. */
const sessionOn = async (bed: LiveBed, mostWaiting: number) => {
  const feed = await Effect.runPromise(
    makeLiveFeed.pipe(Effect.provideService(EventLog, bed.log), Effect.provideService(KeyValueStore, bed.store)),
  )
  const run = <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<A> =>
    Effect.runPromise(effect, signal === undefined ? {} : { signal })
  const cursors = new Cursors("secret", (await run(feed.ends)).map(partitionName))
  const tail = await Tail.start(feed, run, cursors, { sliceMillis: 0, mostChanges: 100 })
  const gone = new AbortController()
  onTestFinished(() => {
    gone.abort()
    tail.end()
  })
  const outbox = new Outbox(gone.signal)
  const filter = new LiveFilter((body) => run(feed.read(body)), {
    topics: new Set(["runs", "points", "entities"]),
    runs: null,
    query: null,
  })
  const { signal } = gone
  const session = new LiveSession({ feed, run, cursors, tail, filter, outbox, signal, mostWaiting, heartbeatMillis: 60_000 })
  const served = session.serve({ next: tail.next, open: null })
  return { cursors, tail, outbox, gone, served }
}

/** Names are long, so that few events fill what waits for the client. */
const runs = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    type: "RunCreated" as const,
    data: { runId: `run-${from + i}-${"x".repeat(200)}`, clientStart: null },
  }))

describe("a client that does not read", () => {
  test("costs no more than its bounds, and is told to read anew from the newest place", async () => {
    const bed = await liveBed()
    const { cursors, tail, outbox } = await sessionOn(bed, 50)
    let most = 0
    for (let i = 0; i < 40; i++) {
      const positions = await bed.say(...runs(i * 50, 50))
      const reached = new Map(positions.map((position) => [partitionName(position), position.offset + 1]))
      await tail.reached(reached, AbortSignal.timeout(60_000))
      most = Math.max(most, outbox.readableLength)
    }
    expect(most).toBeGreaterThan(60_000)
    expect(most).toBeLessThan(70_000)
    const text: string[] = []
    outbox.on("data", (chunk) => text.push(String(chunk)))
    await until(
      "the word to read anew",
      () => text.join(""),
      (all) => all.includes("event: reread"),
    )
    const blocks = text.join("").split("\n\n")
    const last = blocks.findLast((block) => block.startsWith("event: reread")) ?? ""
    const id = /^id: (.*)$/m.exec(last)?.[1] ?? ""
    expect(last).toContain('data: {"reason":"lag"}')
    expect(cursors.open(id)).toEqual({ next: tail.next, open: null })
    await bed.say(...runs(9_000, 1))
    await until(
      "what came afterwards",
      () => text.join(""),
      (all) => all.includes("run-9000-"),
    )
    expect(blocks.length).toBeLessThan(1_000)
  })

  test("is forgotten when it goes, wherever its session is", async () => {
    const bed = await liveBed()
    const waiting = await sessionOn(bed, 50)
    waiting.gone.abort()
    await waiting.served
    const full = await sessionOn(bed, 50)
    for (let i = 0; i < 10; i++) await bed.folded(await bed.say(...runs(i * 50, 50)))
    await until(
      "no room",
      () => full.outbox.isFull,
      (isFull) => isFull,
    )
    full.gone.abort()
    await full.served
  })
})

describe("a mailbox", () => {
  const never = new AbortController().signal

  test("gives what was delivered, in order", async () => {
    const mailbox = new Mailbox(10)
    mailbox.deliver(slice("a", 3))
    mailbox.deliver(slice("b", 7))
    expect(mailbox.size).toBe(10)
    expect([await mailbox.next(never), await mailbox.next(never)]).toMatchObject([{ id: "a" }, { id: "b" }])
    const next = mailbox.next(never)
    mailbox.deliver(slice("c", 1))
    expect(await next).toMatchObject({ id: "c" })
  })

  test("drops all when it is too much, and tells the newest place that was dropped", async () => {
    const mailbox = new Mailbox(10)
    for (const id of ["a", "b", "c"]) mailbox.deliver(slice(id, 5))
    mailbox.deliver(slice("d", 1))
    expect(mailbox.size).toBe(0)
    expect(await mailbox.next(never)).toEqual({ lag: "d" })
    mailbox.deliver(slice("e", 1))
    expect(await mailbox.next(never)).toMatchObject({ id: "e" })
  })

  test("takes one slice however large, and is left by whoever gives up", async () => {
    const mailbox = new Mailbox(10)
    mailbox.deliver(slice("a", 99))
    expect(await mailbox.next(never)).toMatchObject({ id: "a" })
    const gone = new AbortController()
    const next = mailbox.next(gone.signal)
    gone.abort()
    expect(await next).toBeUndefined()
  })
})
