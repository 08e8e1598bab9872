import { Deferred, Effect, Fiber, type Layer, ManagedRuntime, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { type Batch, EventLog, EventTooLarge, type Partition, partitionName, type Starts } from "../../domain/ports/event-log.ts"
import type { Meta } from "../../events/define.ts"
import { TagCreated } from "../../events/entity.ts"
import type { AnyEvent, EventOf, Position, Recorded, Undecodable } from "../../events/index.ts"
import { RunRenamed } from "../../events/run.ts"
import { FencingFolder } from "../support/fencing-folder.ts"
import { anyEvent, withBuffers } from "../support/generators.ts"

type LogLayer = Layer.Layer<EventLog, unknown>

/** How the suite gets at a backend. */
export interface LogUnderTest {
  /** A log that is empty at first. `writer` opens it for the one writing process, `reader` beside it. */
  readonly fresh: () => { readonly writer: LogLayer; readonly reader: LogLayer }
}

let seq = 0
const meta = (): Meta => ({
  id: crypto.randomUUID(),
  at: 1,
  serverTime: 2,
  project: "00000000",
  actor: "tests",
  cause: null,
  writer: "suite",
  seq: seq++,
  part: 0,
})
const renamed = (runId: string, name: string): EventOf<"RunRenamed"> => ({ ...RunRenamed({ runId, name }), meta: meta() })
const tagged = (name: string): EventOf<"TagCreated"> => ({
  ...TagCreated({ id: crypto.randomUUID(), name, color: "", description: "" }),
  meta: meta(),
})

const connect = (layer: LogLayer) => {
  const runtime = ManagedRuntime.make(layer)
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>): Promise<A> =>
    runtime.runPromise(Effect.flatMap(EventLog, of))
  const collected = async (from: Starts = new Map(), only?: readonly Partition[]): Promise<readonly Batch[]> =>
    run((log) => Stream.runCollect(log.source(from, only)))
  return {
    run,
    append: (...events: readonly AnyEvent[]): Promise<readonly Position[]> => run((log) => log.append(events)),
    source: collected,
    ends: () => run((log) => log.ends),
    recordsAt: (...positions: readonly Position[]) => run((log) => log.recordsAt(positions)),
    /** Follows until `count` records came. */
    follow: (count: number, from: Starts = new Map(), only?: readonly Partition[]) => following(run, count, from, only),
    fork: <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>) => runtime.runFork(Effect.flatMap(EventLog, of)),
    close: () => runtime.dispose(),
  }
}

const following = async (
  run: <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>) => Promise<A>,
  count: number,
  from: Starts,
  only: readonly Partition[] | undefined,
): Promise<readonly Batch[]> => {
  const batches: Batch[] = []
  let seen = 0
  await run((log) =>
    log.follow(from, only).pipe(
      Stream.takeUntil((batch) => {
        batches.push(batch)
        seen += batch.records.length
        return seen >= count
      }),
      Stream.runDrain,
    ),
  )
  return batches
}

const isIn =
  ({ topic, partition }: Partition) =>
  ({ position }: Recorded | Undecodable): boolean =>
    position.topic === topic && position.partition === partition

const recordsOf = (batches: readonly Batch[]) => batches.flatMap((batch) => batch.records)
const idsOf = (batches: readonly Batch[]): readonly string[] => idsOfRecords(recordsOf(batches))
const idsOfRecords = (records: readonly (Recorded | Undecodable | undefined)[]): readonly string[] =>
  records.map((record) => (record?.type === "Undecodable" ? "undecodable" : (record?.meta.id ?? "none")))
const ids = (events: readonly AnyEvent[]): readonly string[] => events.map((event) => event.meta.id)
const unordered = (list: readonly string[]): readonly string[] => [...list].sort()
const endsOf = (positions: readonly Position[]): Starts => new Map(positions.map((p) => [partitionName(p), p.offset]))

/** The promises of {@link EventLog}, for any adapter. */
export const eventLogSuite = (name: string, { fresh }: LogUnderTest): void => {
  describe(`EventLog: ${name}`, () => {
    describe("appending", () => {
      test("an event comes back as it was appended, at the position that was answered", async () => {
        const log = connect(fresh().writer)
        const events = [renamed("a", "é\0"), tagged("t")]
        const positions = await log.append(...events)
        const records = recordsOf(await log.source())
        for (const [i, event] of events.entries())
          expect(records.find((record) => record.type === event.type)).toEqual({ ...event, position: positions[i] })
      })

      test("events of every type come back whole", async () => {
        const log = connect(fresh().writer)
        const events = fc.sample(anyEvent(), 300).map((event, i) => ({ ...event, meta: { ...event.meta, id: String(i) } }))
        const positions = await log.append(...events)
        const records = new Map(recordsOf(await log.source()).map((record) => [positionText(record.position), record]))
        for (const [i, position] of positions.entries())
          expect(withBuffers(records.get(positionText(position)))).toEqual(withBuffers({ ...events[i], position }))
      })

      test("nothing appended is no error", async () => {
        expect(await connect(fresh().writer).append()).toEqual([])
      })

      test("offsets count from 0 in each partition, without gaps", async () => {
        const log = connect(fresh().writer)
        for (let i = 0; i < 10; i++) await log.append(renamed(`run${i}`, "x"), renamed(`run${i}`, "y"), tagged("t"))
        for (const [partition, offsets] of byPartition(await log.source()))
          expect([partition, offsets]).toEqual([partition, offsets.map((_, i) => i)])
      })

      test("events of one run share a partition, in the order in which they were appended, over many appends at once", async () => {
        const log = connect(fresh().writer)
        const runs = Array.from({ length: 20 }, (_, i) => `run${i}`)
        const appended = runs.map((run) => Array.from({ length: 30 }, (_, i) => renamed(run, String(i))))
        const sent: Promise<unknown>[] = []
        for (let i = 0; i < 30; i += 2) for (const events of appended) sent.push(log.append(events[i]!, events[i + 1]!))
        await Promise.all(sent)
        const records = recordsOf(await log.source()) as readonly (EventOf<"RunRenamed"> & { position: Position })[]
        for (const [i, run] of runs.entries()) {
          const mine = records.filter((record) => record.data.runId === run)
          expect(mine.map((record) => record.meta.id)).toEqual(ids(appended[i]!))
          expect(new Set(mine.map((record) => record.position.partition)).size).toBe(1)
        }
      })

      test("control events have one partition and one order", async () => {
        const log = connect(fresh().writer)
        const events = Array.from({ length: 50 }, (_, i) => tagged(String(i)))
        await Promise.all(events.map((event) => log.append(event)))
        const batches = (await log.source()).filter((batch) => batch.topic === "control-events")
        expect(new Set(batches.map((batch) => batch.partition))).toEqual(new Set([0]))
        expect(idsOf(batches)).toEqual(ids(events))
      })

      test("an event that is too large is refused with its size, and nothing of its append is written", async () => {
        const log = connect(fresh().writer)
        const failing = log.run((l) => Effect.flip(l.append([renamed("a", "first"), renamed("a", "x".repeat(9_000_000))])))
        const [failure, positions] = await Promise.all([failing, log.append(renamed("a", "other"))])
        expect(failure).toBeInstanceOf(EventTooLarge)
        expect(failure).toMatchObject({ type: "RunRenamed" })
        expect((failure as EventTooLarge).bytes).toBeGreaterThan((failure as EventTooLarge).limit)
        expect(positions).toHaveLength(1)
        expect(recordsOf(await log.source())).toHaveLength(1)
      })
    })

    describe("reading to the end", () => {
      test("an empty log has partitions, and no records", async () => {
        const log = connect(fresh().writer)
        const ends = await log.ends()
        expect(ends.map((end) => end.offset)).toEqual(ends.map(() => 0))
        expect(ends.filter((end) => end.topic === "control-events")).toHaveLength(1)
        expect(recordsOf(await log.source())).toEqual([])
      })

      test("begins in each partition where it is told, and the batches continue each other", async () => {
        const log = connect(fresh().writer)
        const events = Array.from({ length: 200 }, (_, i) => renamed(`run${i % 13}`, String(i)))
        await log.append(...events.slice(0, 120))
        const halfway = endsOf(await log.ends())
        await log.append(...events.slice(120))
        expect(unordered(idsOf(await log.source(halfway)))).toEqual(unordered(ids(events.slice(120))))
        expectContinuous(await log.source(), new Map())
        expectContinuous(await log.source(halfway), halfway)
        expect(recordsOf(await log.source(endsOf(await log.ends())))).toEqual([])
      })

      test("reads only the partitions that are asked for, and none that there is not", async () => {
        const log = connect(fresh().writer)
        await log.append(...Array.from({ length: 60 }, (_, i) => renamed(`run${i}`, "before")), tagged("before"))
        const halfway = endsOf(await log.ends())
        await log.append(...Array.from({ length: 60 }, (_, i) => renamed(`run${i}`, "after")), tagged("after"))
        const first = (await log.source()).find(({ topic }) => topic === "data-ingestion")
        const only: readonly Partition[] = [
          { topic: "data-ingestion", partition: first!.partition },
          { topic: "data-ingestion", partition: 900 },
        ]
        const whole = recordsOf(await log.source()).filter(isIn(first!))
        expect(recordsOf(await log.source(new Map(), only))).toEqual(whole)
        expect(recordsOf(await log.source(halfway, only))).toEqual(recordsOf(await log.source(halfway)).filter(isIn(first!)))
        expect(recordsOf(await log.source(new Map(), []))).toEqual([])
      })

      test("ends although more is appended all the while", async () => {
        const log = connect(fresh().writer)
        await log.append(...Array.from({ length: 100 }, (_, i) => renamed(`run${i}`, "before")))
        const reading = new AbortController()
        const appending = (async () => {
          while (!reading.signal.aborted) await log.append(renamed("run", "meanwhile"))
        })()
        expect(recordsOf(await log.source()).length).toBeGreaterThanOrEqual(100)
        reading.abort()
        await appending
      })

      test("much is read in more than one batch", async () => {
        const log = connect(fresh().writer)
        const events = Array.from({ length: 60 }, (_, i) => renamed("run", "x".repeat(100_000) + String(i)))
        await log.append(...events)
        const batches = await log.source()
        expect(batches.length).toBeGreaterThan(1)
        expect(idsOf(batches)).toEqual(ids(events))
      })
    })

    describe("reading at positions", () => {
      test("records come in the order asked, each as often as asked", async () => {
        const log = connect(fresh().writer)
        const events = Array.from({ length: 400 }, (_, i) =>
          i % 5 === 0 ? tagged(String(i)) : renamed(`run${i % 7}`, String(i)),
        )
        const positions = await log.append(...events)
        const asked = [399, 0, 5, 5, 17, 398, 0].map((i) => positions[i]!)
        expect(idsOfRecords(await log.recordsAt(...asked))).toEqual([399, 0, 5, 5, 17, 398, 0].map((i) => events[i]!.meta.id))
        expect(await log.recordsAt(...positions)).toEqual(events.map((event, i) => ({ ...event, position: positions[i] })))
      })

      test("large records far apart are found too", async () => {
        const log = connect(fresh().writer)
        const events = Array.from({ length: 30 }, (_, i) => renamed("run", "x".repeat(200_000) + String(i)))
        const positions = await log.append(...events)
        const found = await log.recordsAt(positions[29]!, positions[0]!, positions[14]!)
        expect(idsOfRecords(found)).toEqual([29, 0, 14].map((i) => events[i]!.meta.id))
      })

      test("where the log has no record there is none", async () => {
        const log = connect(fresh().writer)
        const [position] = await log.append(renamed("run", "x"))
        const none = [
          { ...position!, offset: 1 },
          { ...position!, offset: 2 ** 50 },
          { ...position!, offset: -1 },
          { ...position!, partition: 99 },
          { ...position!, partition: 2 ** 30 },
          { topic: "control-events" as const, partition: 0, offset: 0 },
        ]
        expect(await log.recordsAt(...none)).toEqual(none.map(() => undefined))
        expect(await log.recordsAt()).toEqual([])
        const found = await log.recordsAt(none[0]!, position!, none[3]!)
        expect(found.map((record) => record?.position)).toEqual([undefined, position, undefined])
      })

      test("a reader beside the writer finds what was acknowledged", async () => {
        const { writer, reader } = fresh()
        const [log, other] = [connect(writer), connect(reader)]
        for (let i = 0; i < 5; i++) {
          const [position] = await log.append(tagged(String(i)))
          const [found] = await other.recordsAt(position!)
          expect(found?.position).toEqual(position)
        }
      })
    })

    describe("following", () => {
      test("sees what was appended before, during and after it began, once each and in order", async () => {
        const { writer, reader } = fresh()
        const log = connect(writer)
        const other = connect(reader)
        const events = Array.from({ length: 300 }, (_, i) =>
          i % 5 === 0 ? tagged(String(i)) : renamed(`run${i % 7}`, String(i)),
        )
        await log.append(...events.slice(0, 100))
        const followed = [log.follow(300), other.follow(300)]
        for (const event of events.slice(100, 200)) await log.append(event)
        await Promise.all(events.slice(200).map((event) => log.append(event)))
        for (const batches of await Promise.all(followed)) {
          expect(unordered(idsOf(batches))).toEqual(unordered(ids(events)))
          expectContinuous(batches, new Map())
        }
      })

      test("reads only the partitions that are asked for", async () => {
        const log = connect(fresh().writer)
        const tags = [tagged("a"), tagged("b")]
        await log.append(renamed("run", "x"), ...tags)
        const batches = await log.follow(2, new Map(), [{ topic: "control-events", partition: 0 }])
        expect(idsOf(batches)).toEqual(ids(tags))
      })

      test("a busy partition does not starve the others", async () => {
        const log = connect(fresh().writer)
        const busy = Array.from({ length: 60 }, () => renamed("busy", "x".repeat(100_000)))
        await log.append(...busy)
        const tag = tagged("quiet")
        await log.append(tag)
        const batches = await log.follow(61)
        const turns = batches.findIndex((batch) => batch.topic === "control-events")
        expect(turns).toBeLessThan(batches.length - 1)
      })

      test("can be interrupted while it waits, and while it reads", async () => {
        const log = connect(fresh().writer)
        await log.append(tagged("first"))
        const started = Deferred.makeUnsafe<void>()
        const fiber = log.fork((l) => Stream.runForEach(l.follow(new Map()), () => Deferred.succeed(started, undefined)))
        await Effect.runPromise(Effect.andThen(Deferred.await(started), Fiber.interrupt(fiber)))
        expect(fiber.pollUnsafe()?._tag).toBe("Failure")
      })
    })

    describe("sharing", () => {
      test("a member reads each partition from where it is told to begin, and then what comes", async () => {
        const log = connect(fresh().writer)
        const events = Array.from({ length: 90 }, (_, i) => (i % 5 === 0 ? tagged(String(i)) : renamed(`run${i % 7}`, String(i))))
        await log.append(...events.slice(0, 30))
        const folder = new FencingFolder(endsOf(await log.ends()))
        await log.append(...events.slice(30, 60))
        const member = log.fork((l) => l.share(groupName(), folder.share))
        await log.append(...events.slice(60))
        await folder.holds(60)
        await Effect.runPromise(Fiber.interrupt(member))
        expect(unordered(folder.ids())).toEqual(unordered(ids(events.slice(30))))
        expect(folder.gaps).toEqual([])
      })

      test("a taker gets again what it wants again", async () => {
        const log = connect(fresh().writer)
        const tags = Array.from({ length: 5 }, (_, i) => tagged(String(i)))
        await log.append(...tags)
        const seen: string[] = []
        const over = Deferred.makeUnsafe<void>()
        let wanted = 0
        const start = (partition: Partition): Effect.Effect<number> =>
          Effect.succeed(partition.topic === "control-events" ? wanted : 0)
        const take = (batch: Batch): Effect.Effect<number> =>
          Effect.sync(() => {
            wanted = seen.length === 0 ? 2 : batch.next
            seen.push(...idsOf([batch]))
            if (seen.length >= 8) Deferred.doneUnsafe(over, Effect.void)
            return wanted
          })
        const member = log.fork((l) => l.share(groupName(), { start, take }))
        await Effect.runPromise(Effect.andThen(Deferred.await(over), Fiber.interrupt(member)))
        expect(seen).toEqual([...ids(tags), ...ids(tags).slice(2)])
      })

      test("two members that fence fold everything once and in order, and one goes on when the other ends", async () => {
        const { writer, reader } = fresh()
        const [log, other] = [connect(writer), connect(reader)]
        const events = Array.from({ length: 200 }, (_, i) =>
          i % 9 === 0 ? tagged(String(i)) : renamed(`run${i % 17}`, String(i)),
        )
        const group = groupName()
        const folder = new FencingFolder(new Map())
        const members = [log, other].map((each) => each.fork((l) => l.share(group, folder.share)))
        for (let i = 0; i < 100; i += 10) await log.append(...events.slice(i, i + 10))
        await folder.holds(100)
        await Effect.runPromise(Fiber.interrupt(members[1]!))
        for (let i = 100; i < 200; i += 10) await log.append(...events.slice(i, i + 10))
        await folder.holds(200)
        await Effect.runPromise(Fiber.interrupt(members[0]!))
        expect(unordered(folder.ids())).toEqual(unordered(ids(events)))
        expect(folder.gaps).toEqual([])
      })

      test("a share fails with what its taker fails with", async () => {
        const log = connect(fresh().writer)
        await log.append(tagged("x"))
        const refusing = { start: () => Effect.succeed(0), take: () => Effect.fail("no" as const) }
        expect(await log.run((l) => Effect.flip(l.share(groupName(), refusing)))).toBe("no")
      })

      test("a share can be interrupted while it waits", async () => {
        const log = connect(fresh().writer)
        const folder = new FencingFolder(new Map())
        const member = log.fork((l) => l.share(groupName(), folder.share))
        await log.append(tagged("x"))
        await folder.holds(1)
        await Effect.runPromise(Fiber.interrupt(member))
        expect(member.pollUnsafe()?._tag).toBe("Failure")
      })
    })

    describe("lasting", () => {
      test("Law 9: what was acknowledged is there after a reopening, and offsets go on", async () => {
        const { writer } = fresh()
        const log = connect(writer)
        const before = Array.from({ length: 50 }, (_, i) => renamed(`run${i % 7}`, String(i)))
        await log.append(...before)
        const ends = await log.ends()
        await log.close()
        const again = connect(writer)
        expect(await again.ends()).toEqual(ends)
        expect(unordered(idsOf(await again.source()))).toEqual(unordered(ids(before)))
        const [position] = await again.append(renamed("run0", "after"))
        const end = ends.find((each) => partitionName(each) === partitionName(position!))
        expect(position).toEqual(end)
      })
    })
  })
}

let groups = 0
const groupName = (): string => `suite-${groups++}`

const positionText = (position: Position): string => `${partitionName(position)}/${position.offset}`

const byPartition = (batches: readonly Batch[]): ReadonlyMap<string, readonly number[]> => {
  const offsets = new Map<string, number[]>()
  for (const batch of batches)
    for (const { position } of batch.records) {
      const name = partitionName(batch)
      offsets.set(name, [...(offsets.get(name) ?? []), position.offset])
    }
  return offsets
}

/** Each batch begins where the one before it of its partition ended. */
const expectContinuous = (batches: readonly Batch[], from: Starts): void => {
  const next = new Map(from)
  for (const batch of batches) {
    const start = next.get(partitionName(batch)) ?? 0
    expect(batch.records.map((record) => record.position.offset)).toEqual(batch.records.map((_, i) => start + i))
    expect(batch.records.every(({ position }) => position.partition === batch.partition && position.topic === batch.topic)).toBe(
      true,
    )
    expect(batch.next).toBe(start + batch.records.length)
    next.set(partitionName(batch), batch.next)
  }
}
