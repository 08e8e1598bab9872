/** One in a thousand events is poison, of every kind there is, while clients log on: what is set aside, and what comes of it. */
import { join } from "node:path"
import { Effect, Fiber, Layer, References } from "effect"
import { expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { positionName } from "../../domain/positions.ts"
import { type AnyEvent, type AnyFact, keyOf } from "../../events/index.ts"
import { EventCodec, eventCodec } from "../../infra/avro/codec.ts"
import { lmdbLog } from "../../infra/lmdb/event-log.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { deadLetters } from "../../projections/dead-letters.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { makeView } from "../../projections/view.ts"
import { prepare, project } from "../../projections/worker.ts"
import { stamped, withoutPositions } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"
import { projected } from "../support/projected.ts"

type Encode = (event: AnyEvent) => Uint8Array

const none = encodeValue(new Map())
const runs = 20

/** Points with what doubles and steps can be at their ends, and attributes. */
const goodFact = (number: number): AnyFact => {
  const runId = `run-${number % runs}`
  if (number % 7 === 0)
    return { type: "AttributesSet", data: { runId, paths: [[`p${number % 50}`]], values: [encodeValue(number)] } }
  const values = [number / 7, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]
  const steps = [number, number + 1e6, number - 1e6, Number.MAX_SAFE_INTEGER - number, number - Number.MAX_SAFE_INTEGER]
  const times = { firstTime: number, timeOffsets: [0, 1, 2, 3, 4] }
  return {
    type: "PointsLogged",
    data: { runId, name: "loss", contextId: 0, context: none, dtype: "float", values, steps, epochs: [], ...times },
  }
}

/** Another fact about the same run, at its place in the log. */
const as = (event: AnyEvent, fact: AnyFact): AnyEvent => ({ ...fact, meta: event.meta }) as AnyEvent
const attribute = (bytes: Uint8Array) => (event: AnyEvent, encode: Encode) =>
  encode(as(event, { type: "AttributesSet", data: { runId: keyOf(event), paths: [["a"]], values: [bytes] } }))
const withSchema = (id: number) => (event: AnyEvent, encode: Encode) => {
  const bytes = Buffer.from(encode(event))
  bytes.writeUInt32BE(id, 1)
  return bytes
}
const foreignSchema = JSON.stringify({ type: "record", name: "Foreign", fields: [] })

/** What stands in the log in place of a good event, and what is said of it; `foreign` is the id of a schema of others. */
const kinds = (
  foreign: number,
): readonly (readonly [reason: string, poison: (event: AnyEvent, encode: Encode) => Uint8Array])[] => [
  ["", (event, encode) => encode(event).subarray(0, -3)],
  ["", (event) => Buffer.from(`noise ${event.meta.id}`)],
  ["not one of ours", withSchema(foreign)],
  ["not one of ours", withSchema(99_999)],
  [
    "BlobsPurged",
    (event, encode) => {
      const whole = encode(as(event, { type: "BlobsPurged", data: { runId: keyOf(event), deletion: "d", removed: 0 } }))
      // As the last field: 2^63 - 1, in Avro's zigzag.
      return Buffer.concat([whole.subarray(0, -1), Buffer.from("feffffffffffffffff01", "hex")])
    },
  ],
  [
    "holds metric values",
    (event, encode) => {
      const misfit = { runId: keyOf(event), name: "loss", contextId: 0, context: none, dtype: "text", step: 0, epoch: null }
      return encode(as(event, { type: "ObjectLogged", data: { ...misfit, value: encodeValue("x") } }))
    },
  ],
  ["the fold failed", attribute(Uint8Array.of(0xc1))],
  ["the fold failed", attribute(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))],
  ["the fold failed", attribute(Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.of(0xc0)]))],
]

const perKind = 6
const total = 6_000

/** Which of the events are poison, and of which kind. */
const kindAt = (number: number, count: number): number | undefined =>
  number >= runs && number % Math.floor(total / (perKind * count)) === 7
    ? Math.floor(number / Math.floor(total / (perKind * count))) % count
    : undefined

/** A codec that puts poison down in place of some events; and one for which the same bytes are those events, as after a fix. */
const codecs = (poison: ReadonlyMap<string, (event: AnyEvent, encode: Encode) => Uint8Array>) => {
  const meant = new Map<string, AnyEvent>()
  const over = (change: (whole: EventCodec["Service"]) => Partial<EventCodec["Service"]>) =>
    Layer.effect(
      EventCodec,
      Effect.map(EventCodec, (whole) => ({ ...whole, ...change(whole) })),
    ).pipe(Layer.provide(eventCodec()))
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
  const poisoning = over((whole) => ({
    encode: (event) => {
      const encoded = whole.encode(event)
      const bytes = poison.get(event.meta.id)?.(event, (other) => whole.encode(other).bytes)
      if (bytes === undefined) return encoded
      meant.set(text(bytes), event)
      return { ...encoded, bytes }
    },
  }))
  const mended = over((whole) => ({ decode: (bytes) => meant.get(text(bytes)) ?? whole.decode(bytes) }))
  return { poisoning, mended }
}

/** Each letter is logged with its stack. */
const quietly = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.provideService(work, References.MinimumLogLevel, "None")

it("is set aside with its place and reason, holds nothing up, and is whole again after a fix and a rebuild", async () => {
  const folder = freshFolder()
  const registry = lmdbRegistry({ folder: join(folder, "registry") })
  const foreign = await Effect.runPromise(
    SchemaRegistry.use((r) => r.register("x", foreignSchema)).pipe(Effect.provide(registry)),
  )
  const all = kinds(foreign)
  const events = Array.from({ length: total }, (_, i) => stamped(goodFact(i), 1, { id: `e${i}`, writer: "w", seq: i }))
  const kindOf = events.map((_, i) => kindAt(i, all.length))
  const poison = new Map(
    events.flatMap(({ meta }, i) => (kindOf[i] === undefined ? [] : [[meta.id, all[kindOf[i]]![1]] as const])),
  )
  const { poisoning, mended } = codecs(poison)
  const store = lmdbStore({ folder: join(folder, "store") })
  const run = <A, E>(codec: typeof mended, work: Effect.Effect<A, E, EventLog | KeyValueStore>): Promise<A> => {
    const log = lmdbLog({ folder: join(folder, "log"), partitions: 3 }).pipe(Layer.provide(codec), Layer.provide(registry))
    return Effect.runPromise(quietly(work.pipe(Effect.provide(Layer.merge(log, store)))))
  }
  const letters = Effect.flatMap(makeView, (view) => view.read(deadLetters))

  const positions = await run(poisoning, appendedWhileFolding(events))
  const found = await run(poisoning, letters)
  const expected = positions.flatMap((position, i) =>
    kindOf[i] === undefined ? [] : [[positionName(position), kindOf[i]] as const],
  )
  expect(new Set(expected.map(([, kind]) => kind)).size).toBe(all.length)
  expect(new Set(found.map(({ position }) => positionName(position)))).toEqual(new Set(expected.map(([name]) => name)))
  expect(found).toHaveLength(expected.length)
  const reasons = new Map(found.map(({ position, reason }) => [positionName(position), reason]))
  for (const [name, kind] of expected) expect(reasons.get(name)).toContain(all[kind]![0])
  const clean = freshFolder()
  const without = await cleanState(
    clean,
    events.filter((_, i) => kindOf[i] === undefined),
  )
  expect(withoutPositions(await run(poisoning, projected))).toBe(withoutPositions(without))

  await run(mended, rebuild())
  expect(await run(mended, letters)).toEqual([])
  expect(await run(mended, projected)).toBe(await cleanState(freshFolder(), events))
})

/** Frame by frame, beside the projector; gives the positions once all is folded. */
const appendedWhileFolding = (events: readonly AnyEvent[]) =>
  Effect.gen(function* () {
    yield* prepare
    const log = yield* EventLog
    const projector = yield* Effect.forkChild(project())
    const caughtUp = yield* makeCaughtUp
    const frames = Array.from({ length: Math.ceil(events.length / 100) }, (_, i) => events.slice(i * 100, (i + 1) * 100))
    const positions = (yield* Effect.forEach(frames, log.append)).flat()
    yield* caughtUp(positions)
    yield* Fiber.interrupt(projector)
    return positions
  }).pipe(Effect.scoped)

const cleanState = (folder: string, events: readonly AnyEvent[]): Promise<string> => {
  const registry = lmdbRegistry({ folder: join(folder, "registry") })
  const log = lmdbLog({ folder: join(folder, "log"), partitions: 3 }).pipe(Layer.provide(eventCodec()), Layer.provide(registry))
  const ports = Layer.merge(log, lmdbStore({ folder: join(folder, "store") }))
  return Effect.runPromise(quietly(Effect.andThen(appendedWhileFolding(events), projected).pipe(Effect.provide(ports))))
}
