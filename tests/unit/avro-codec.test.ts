import { Effect, Layer } from "effect"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { event, long, string } from "../../events/define.ts"
import { type AnyEvent, catalog, type EventType, keyOf } from "../../events/index.ts"
import { type Definition, EventCodec, eventCodec, EventNotEncodable, isDecoded } from "../../infra/avro/codec.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { freshFolder } from "../support/folders.ts"
import { eventOf, eventOfVersion, withBuffers } from "../support/generators.ts"

type Codec = EventCodec["Service"]

const opened = (folder = freshFolder(), definitions?: readonly Definition[]): Promise<Codec> =>
  Effect.runPromise(Effect.provide(EventCodec, Layer.provide(eventCodec(definitions), lmdbRegistry({ folder }))))

const plain = (bytes: unknown): unknown =>
  JSON.parse(JSON.stringify(bytes, (_, value: unknown) => (Object.is(value, -0) ? "-0" : value)))
const sample = <T extends EventType>(type: T) => fc.sample(eventOf(type), { numRuns: 1, seed: 7 })[0]!
const types = Object.keys(catalog) as readonly EventType[]

describe("the event codec", () => {
  test.each(types)("Law 5: every %s comes back as it was", async (type) => {
    const codec = await sharedCodec()
    fc.assert(
      fc.property(eventOf(type), (stated) => {
        const event = stated as AnyEvent
        const { topic, key, bytes } = codec.encode(event)
        expect(topic).toBe(catalog[type].topic)
        expect(key).toBe(keyOf(event))
        const decoded = codec.decode(bytes)
        expect(withBuffers(decoded)).toEqual(withBuffers(event))
      }),
      { numRuns: 30 },
    )
  })

  test("the bytes are in the Confluent wire format, and ids stay the same over restarts", async () => {
    const folder = freshFolder()
    const first = (await opened(folder)).encode(sample("RunCreated")).bytes
    const second = (await opened(folder)).encode(sample("RunCreated")).bytes
    expect(first[0]).toBe(0)
    expect(Buffer.from(first).readUInt32BE(1)).toBeGreaterThan(0)
    expect(Buffer.from(second).equals(first)).toBe(true)
  })

  test("decoded bytes are copies of their own", async () => {
    const codec = await sharedCodec()
    const stated = { ...sample("AppCreated"), data: { id: "a", type: "metric", state: new Uint8Array([1, 2, 3]) } }
    const { bytes } = codec.encode(stated)
    const decoded = codec.decode(bytes)
    bytes.fill(0xff)
    expect(plain(decoded)).toEqual(plain({ ...stated, data: { ...stated.data, state: Buffer.from([1, 2, 3]) } }))
  })

  test.each([2 ** 53, -(2 ** 53), 2 ** 63, 0.5, Number.NaN])(
    "an integer field of %d is refused with the event's type",
    async (value) => {
      const codec = await sharedCodec()
      const stated = sample("BlobsPurged")
      const broken = { ...stated, data: { ...stated.data, removed: value } }
      expect(() => codec.encode(broken)).toThrow(EventNotEncodable)
      expect(() => codec.encode(broken)).toThrow(/BlobsPurged/)
    },
  )

  test.each([2 ** 53 - 1, 1 - 2 ** 53, -(2 ** 52) - 1, -(2 ** 51) - 1, 0])(
    "an integer field of %d comes back exactly",
    async (value) => {
      const codec = await sharedCodec()
      const stated = sample("BlobsPurged")
      const { bytes } = codec.encode({ ...stated, data: { ...stated.data, removed: value } })
      expect(codec.decode(bytes)).toMatchObject({ data: { removed: value } })
    },
  )

  test("an integer beyond 2^53 in the bytes is undecodable", async () => {
    const codec = await sharedCodec()
    const stated = sample("BlobsPurged")
    const { bytes } = codec.encode({ ...stated, data: { ...stated.data, removed: 0 } })
    const huge = Buffer.concat([bytes.subarray(0, -1), Buffer.from("feffffffffffffffff01", "hex")])
    expect(codec.decode(huge)).toEqual({ undecodable: expect.stringContaining("BlobsPurged") })
  })

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["four bytes", Buffer.alloc(4)],
    ["another magic byte", Buffer.from([1, 0, 0, 0, 1, 0])],
    ["a header alone", Buffer.from([0, 0, 0, 0, 1])],
    ["noise", Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.alloc(300, 0xff)])],
  ])("%s is undecodable, with a reason", async (_, bytes) => {
    expect((await sharedCodec()).decode(bytes)).toEqual({ undecodable: expect.any(String) })
  })

  test("any cut, and anything appended, is undecodable", async () => {
    const codec = await sharedCodec()
    const { bytes } = codec.encode(sample("PointsLogged"))
    for (let length = 0; length < bytes.length; length++) expect(isDecoded(codec.decode(bytes.subarray(0, length)))).toBe(false)
    expect(isDecoded(codec.decode(Buffer.concat([bytes, Buffer.alloc(1)])))).toBe(false)
  })

  test("a changed byte never throws", async () => {
    const codec = await sharedCodec()
    fc.assert(
      fc.property(eventOf("PointsLogged"), fc.nat(), fc.nat(255), (stated, at, value) => {
        const bytes = Buffer.from(codec.encode(stated).bytes)
        bytes[5 + (at % (bytes.length - 5))] = value
        codec.decode(bytes)
      }),
    )
  })

  test("an unknown schema id is learnt from the registry, or stays undecodable", async () => {
    const folder = freshFolder()
    const codec = await opened(folder)
    const registry = lmdbRegistry({ folder })
    const foreign = JSON.stringify({ type: "record", name: "Foreign", namespace: "matyan", fields: [] })
    // The text of a known schema in another order of members is the same schema.
    const { type, name, namespace, fields } = catalog.RunCreated.versions[0]!.schema as Readonly<Record<string, unknown>>
    const reordered = JSON.stringify({ fields, namespace, name, type })
    const [foreignId, sameId] = await Effect.runPromise(
      Effect.provide(
        Effect.flatMap(SchemaRegistry, (r) => Effect.all([r.register("x", foreign), r.register("y", reordered)])),
        registry,
      ),
    )
    const withId = (id: number): Buffer => {
      const bytes = Buffer.from(codec.encode(sample("RunCreated")).bytes)
      bytes.writeUInt32BE(id, 1)
      return bytes
    }
    expect(codec.decode(withId(foreignId))).toMatchObject({ unknownSchema: foreignId })
    const learning = await opened(folder)
    await Effect.runPromise(Effect.scoped(Effect.provide(learnAll([foreignId, sameId, 99_999]), codecLayer(folder)))).then(
      (learnt) => {
        expect(learnt.decode(withId(foreignId))).toEqual({ undecodable: expect.stringContaining("not one of ours") })
        expect(learnt.decode(withId(99_999))).toEqual({ undecodable: expect.stringContaining("not one of ours") })
        expect(isDecoded(learnt.decode(withId(sameId)))).toBe(true)
      },
    )
    expect(learning.decode(withId(sameId))).toMatchObject({ unknownSchema: sameId })
  })

  test("Law 5: bytes of an older version climb its upcasters, whichever version they are", async () => {
    const folder = freshFolder()
    const control = { topic: "control-events" } as const
    const first = event("Measured", { ...control, fields: { metres: long } })
    const second = first.version({ metres: long, unit: { ...string, default: "m" } }, ({ metres }) => ({ metres, unit: "m" }))
    const third = second.version({ length: { ...string, default: "" } }, ({ metres, unit }) => ({ length: `${metres} ${unit}` }))
    const { meta } = sample("RunCreated")
    const state = async (definition: Definition, data: object) =>
      (await opened(folder, [definition])).encode({ type: "Measured", meta, data } as unknown as AnyEvent).bytes
    const bytes = [
      await state(first, { metres: 3 }),
      await state(second, { metres: 4, unit: "ft" }),
      await state(third, { length: "5 yd" }),
    ]
    const codec = await opened(folder, [third])
    expect(bytes.map((each) => codec.decode(each))).toEqual(
      ["3 m", "4 ft", "5 yd"].map((length) => ({ type: "Measured", meta, data: { length } })),
    )
  })

  test("Law 5: every version in the catalog decodes to the newest", async () => {
    const folder = freshFolder()
    const newest = await opened(folder)
    for (const definition of Object.values(catalog) as readonly Definition[])
      for (const index of definition.versions.keys()) {
        const only = { ...definition, versions: [{ ...definition.versions[index]!, upcast: null }] }
        const [stated] = fc.sample(eventOfVersion(definition, index), 1)
        const codec = await opened(folder, [only])
        expect(isDecoded(newest.decode(codec.encode(stated as unknown as AnyEvent).bytes))).toBe(true)
      }
  })
})

const codecLayer = (folder: string) => Layer.provideMerge(eventCodec(), lmdbRegistry({ folder }))
const learnAll = (ids: readonly number[]) =>
  Effect.flatMap(EventCodec, (codec) => Effect.as(Effect.all(ids.map((id) => codec.learn(id))), codec))

let shared: Promise<Codec> | undefined
const sharedCodec = (): Promise<Codec> => (shared ??= opened())
