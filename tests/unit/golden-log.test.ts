/**
 * A log as it was written once, with the state that it folded to: an upgrade reads the same events out of it and makes the same
 * rows of them, or says that it does not (`foldVersion`). After such a change, or with a new event or version:
 *
 *     MATYAN_FREEZE=yes npx vitest run tests/unit/golden-log.test.ts
 *
 * What stands in the file keeps its bytes then, and what is new is added.
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import type { Topic } from "../../events/define.ts"
import { catalog, type Recorded } from "../../events/index.ts"
import { EventCodec, eventCodec, isDecoded } from "../../infra/avro/codec.ts"
import { foldVersion } from "../../projections/subspaces.ts"
import { connectStore } from "../simulation/key-value-store.ts"
import { connectRegistry, Schemas } from "../simulation/registry.ts"
import { Versions } from "../simulation/versions.ts"
import { bed } from "../support/folding.ts"
import { aHistory, type History } from "../support/histories.ts"

/** One record: which schema wrote it, and its Avro in base64. */
interface GoldenRecord {
  readonly topic: Topic
  readonly partition: number
  readonly schema: string
  readonly avro: string
}

interface GoldenLog {
  readonly foldVersion: number
  /** SHA-256 of the dump. */
  readonly hash: string
  /** The text of each schema that wrote a record, by `Type/version`. */
  readonly schemas: Readonly<Record<string, string>>
  readonly records: readonly GoldenRecord[]
}

const file = new URL("../fixtures/golden-log.json", import.meta.url)
const newest = Object.fromEntries(Object.values(catalog).map(({ type, versions }) => [type, `${type}/${versions.length}`]))

interface Reading {
  readonly codec: EventCodec["Service"]
  readonly registry: SchemaRegistry["Service"]
}

const reading = (): Promise<Reading> => {
  const registry = Layer.sync(SchemaRegistry, () => connectRegistry(new Schemas()))
  const both = Layer.provideMerge(eventCodec(), registry)
  const get = Effect.all({
    codec: Effect.flatMap(EventCodec, Effect.succeed),
    registry: Effect.flatMap(SchemaRegistry, Effect.succeed),
  })
  return Effect.runPromise(Effect.scoped(Effect.provide(get, both)))
}

/** The records as the log would give them; throws where one is none of our events any more. */
const decoded = async (log: GoldenLog): Promise<readonly Recorded[]> => {
  const { codec, registry } = await reading()
  const ids = new Map<string, number>()
  for (const [schema, text] of Object.entries(log.schemas)) {
    const type = schema.slice(0, schema.indexOf("/"))
    const subject = `${catalog[type as keyof typeof catalog].topic}-matyan.${type}`
    ids.set(schema, await Effect.runPromise(registry.register(subject, text)))
  }
  const ends = new Map<string, number>()
  return log.records.map(({ topic, partition, schema, avro }) => {
    const header = Buffer.alloc(5)
    header.writeUInt32BE(ids.get(schema) ?? 0, 1)
    const event = codec.decode(Buffer.concat([header, Buffer.from(avro, "base64")]))
    if (!isDecoded(event)) throw new Error(`${schema}: ${event.undecodable}`)
    const offset = ends.get(`${topic}/${partition}`) ?? 0
    ends.set(`${topic}/${partition}`, offset + 1)
    return { ...event, position: { topic, partition, offset } }
  })
}

const stateOf = async (records: readonly Recorded[]): Promise<string> =>
  createHash("sha256")
    .update(await textOf(records))
    .digest("hex")

const textOf = async (records: readonly Recorded[]): Promise<string> => {
  const store = await bed(() => Layer.sync(KeyValueStore, () => connectStore(new Versions())))
  const partitions = Map.groupBy(records, ({ position }) => `${position.topic}/${position.partition}`)
  for (const some of partitions.values()) if (some[0] !== undefined) await store.fold(some[0].position, some)
  await store.settle()
  const text = await store.text()
  await store.close()
  return text
}

/** The records that are there, and a generated history of every event if one is missing, in partitions of its own. */
const frozen = async (): Promise<GoldenLog> => {
  const before: GoldenLog = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as GoldenLog)
    : { foldVersion, hash: "", schemas: {}, records: [] }
  const isComplete = Object.values(newest).every((schema) => schema in before.schemas)
  const { codec } = await reading()
  const first = 1 + Math.max(-1, ...before.records.map(({ partition }) => partition))
  const added = isComplete ? [] : await aFullHistory()
  const records = added.flatMap(({ topic, partition, records: some }) =>
    some.map((event) => ({
      topic,
      partition: topic === "control-events" ? partition : first + partition,
      schema: newest[event.type] ?? "",
      avro: Buffer.from(codec.encode(event).bytes.subarray(5)).toString("base64"),
    })),
  )
  const texts = Object.values(catalog).map(
    ({ type, versions }) => [newest[type], JSON.stringify(versions.at(-1)?.schema)] as const,
  )
  const schemas = { ...before.schemas, ...Object.fromEntries(isComplete ? [] : texts) }
  const log = { foldVersion, hash: "", schemas, records: [...before.records, ...records] }
  return { ...log, hash: await stateOf(await decoded(log)) }
}

/** Of generated histories that have every event the one that leaves most: in many all runs are deleted in the end. */
const aFullHistory = async (): Promise<History> => {
  const all = fc.sample(aHistory(250), { numRuns: 300, seed: 6 }).filter((history) => {
    const types = new Set(history.flatMap(({ records }) => records.map(({ type }) => type)))
    return Object.keys(catalog).every((type) => types.has(type as keyof typeof catalog))
  })
  const sizes = new Map<History, number>()
  for (const history of all) sizes.set(history, (await textOf(history.flatMap(({ records }) => records))).length)
  return all.toSorted((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0))[0] ?? []
}

const goldenLog = (): GoldenLog => JSON.parse(readFileSync(file, "utf8")) as GoldenLog

describe("the golden log", () => {
  it.runIf(process.env["MATYAN_FREEZE"] !== undefined)("is frozen", async () => {
    writeFileSync(file, `${JSON.stringify(await frozen())}\n`)
  })

  it("Law 5: has every event of the catalog in its newest version, and decodes", async () => {
    const golden = goldenLog()
    const types = new Set((await decoded(golden)).map(({ type }) => type))
    expect(Object.keys(catalog).filter((type) => !types.has(type as keyof typeof catalog))).toEqual([])
    expect(Object.values(newest).filter((schema) => !(schema in golden.schemas))).toEqual([])
  })

  it("Law 1: folds to the state that it folded to, byte for byte, or the fold's version says that it does not", async () => {
    const golden = goldenLog()
    expect({ foldVersion, hash: await stateOf(await decoded(golden)) }).toEqual({
      foldVersion: golden.foldVersion,
      hash: golden.hash,
    })
  })
})
