/** The schema registry away, late, emptied: what starts without it, what waits, what is refused. */
import { join } from "node:path"
import { Effect, Exit, Layer, Scope } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { type AnyEvent, catalog } from "../../events/index.ts"
import { EventCodec, eventCodec, isDecoded } from "../../infra/avro/codec.ts"
import { type ConfluentOptions, confluentRegistry } from "../../infra/confluent/schema-registry.ts"
import { freshFolder } from "../support/folders.ts"
import { eventOf, withBuffers } from "../support/generators.ts"
import { type ApicurioServer, startApicurio } from "../support/servers/apicurio.ts"
import { until } from "../support/wait.ts"

let server: ApicurioServer
beforeAll(async () => {
  server = await startApicurio()
})
afterAll(() => server.dispose())

/** A codec and its registry, starting; `trouble` is what operators are told now. */
const start = (options: Partial<ConfluentOptions> = {}) => {
  const told: { trouble: string | null } = { trouble: null }
  const registry = confluentRegistry({
    url: server.url,
    onTrouble: (trouble) => void (told.trouble = trouble),
    ...options,
    timeouts: { again: 0.2, ...options.timeouts },
  })
  const scope = Scope.makeUnsafe()
  const end = () => Effect.runPromise(Scope.close(scope, Exit.void))
  onTestFinished(end)
  const services = Effect.runPromise(Layer.buildWithScope(Layer.provideMerge(eventCodec(), registry), scope))
  // Whoever expects a failure awaits it later.
  services.catch(() => undefined)
  const run = async <A, E>(effect: Effect.Effect<A, E, EventCodec | SchemaRegistry>): Promise<A> =>
    Effect.runPromise(Effect.provide(effect, await services))
  return { told, end, run, codec: () => run(EventCodec), troubled: () => until("an alarm", () => told.trouble, Boolean) }
}

const samples: readonly AnyEvent[] = Object.keys(catalog).flatMap(
  (type) => fc.sample(eventOf(type as keyof typeof catalog), { numRuns: 1, seed: 5 }) as AnyEvent[],
)
const allComeBack = (codec: EventCodec["Service"]): void => {
  for (const event of samples) expect(withBuffers(codec.decode(codec.encode(event).bytes))).toEqual(withBuffers(event))
}
const bytesOf = (codec: EventCodec["Service"]): readonly string[] =>
  samples.map((event) => Buffer.from(codec.encode(event).bytes).toString("hex"))

const ask = async (path: string): Promise<unknown> => (await fetch(`${server.url}${path}`)).json()
const subjects = Object.values(catalog).map(({ topic, type }) => `${topic}-matyan.${type}`)

const registerText = (subject: string, schema: string) => Effect.flatMap(SchemaRegistry, (r) => r.register(subject, schema))

/** Bytes of an event of ours, under another schema's id. */
const underId = (codec: EventCodec["Service"], event: AnyEvent, id: number): Uint8Array => {
  const bytes = Buffer.from(codec.encode(event).bytes)
  bytes.writeUInt32BE(id, 1)
  return bytes
}

describe("a schema registry that answers", () => {
  test("has every event of the catalog under a subject that demands BACKWARD", async () => {
    allComeBack(await start().codec())
    expect(await ask("/subjects")).toEqual(expect.arrayContaining(subjects))
    for (const subject of subjects) expect(await ask(`/config/${subject}`)).toEqual({ compatibilityLevel: "BACKWARD" })
  })

  test("gives the same ids to every start, with kept ids and without", async () => {
    const idsFile = join(freshFolder(), "ids.json")
    const first = bytesOf(await start({ idsFile }).codec())
    expect(bytesOf(await start({ idsFile }).codec())).toEqual(first)
    expect(bytesOf(await start().codec())).toEqual(first)
  })

  test("leaves a stricter rule in place, and mends a weaker one", async () => {
    const { run } = start()
    const text = JSON.stringify({ type: "record", name: "Ruled", namespace: "matyan", fields: [] })
    const levels = ["FULL_TRANSITIVE", "FORWARD"].map((level) => [level, `rule-${crypto.randomUUID()}`] as const)
    for (const [level, subject] of levels) {
      await fetch(`${server.url}/config/${subject}`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ compatibility: level }),
      })
      await run(registerText(subject, text))
    }
    const found = await Promise.all(levels.map(([, subject]) => ask(`/config/${subject}`)))
    expect(found).toEqual([{ compatibilityLevel: "FULL_TRANSITIVE" }, { compatibilityLevel: "BACKWARD" }])
  })
})

describe("an id that this process does not know", () => {
  test("is not one of ours at once, where the registry has a schema that is none of ours", async () => {
    const { run, codec } = start()
    const foreign = JSON.stringify({ type: "record", name: "Foreign", namespace: "elsewhere", fields: [] })
    const id = await run(registerText(crypto.randomUUID(), foreign))
    const bytes = underId(await codec(), samples[0]!, id)
    await run(Effect.flatMap(EventCodec, (codec) => codec.learn(id)))
    expect((await codec()).decode(bytes)).toEqual({ undecodable: `schema ${id} is not one of ours` })
  })

  test("is waited for with an alarm while its registration is on the way", async () => {
    const { run, codec, told, troubled } = start()
    const last = await run(registerText(crypto.randomUUID(), JSON.stringify({ type: "fixed", name: "Last", size: 1 })))
    const { type, name, namespace, fields } = catalog.RunRenamed.versions[0]!.schema as Readonly<Record<string, unknown>>
    const learnt = run(Effect.flatMap(EventCodec, (codec) => codec.learn(last + 1)))
    expect(await troubled()).toContain(`schema ${last + 1}`)
    const inOtherWords = JSON.stringify({ fields, namespace, name, type })
    // Not by our adapter, which knows that it means the same as one that it registered.
    const answer = await fetch(`${server.url}/subjects/${crypto.randomUUID()}/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: inOtherWords }),
    })
    expect(await answer.json()).toEqual({ id: last + 1 })
    await learnt
    const renamed = samples.find((event) => event.type === "RunRenamed")!
    expect(isDecoded((await codec()).decode(underId(await codec(), renamed, last + 1)))).toBe(true)
    expect(told.trouble).toBeNull()
  })

  test("is given up after a while where nobody registers it, and the next invented one at once", async () => {
    const { run, codec, troubled } = start({ timeouts: { unknown: 1 } })
    const learnt = run(
      Effect.flatMap(EventCodec, (codec) => Effect.all([codec.learn(1_999_999_998), codec.learn(1_999_999_999)])),
    )
    await troubled()
    await learnt
    const reason = { undecodable: expect.stringContaining("not one of ours") }
    expect((await codec()).decode(underId(await codec(), samples[0]!, 1_999_999_998))).toEqual(reason)
  })
})

describe("a schema registry that is away", () => {
  beforeEach(() => server.start())

  test("is not missed by a running process", async () => {
    const { codec, run } = start()
    const before = bytesOf(await codec())
    await server.kill()
    allComeBack(await codec())
    expect(bytesOf(await codec())).toEqual(before)
    const text = JSON.stringify(catalog.RunCreated.versions[0]!.schema)
    const id = await run(registerText("data-ingestion-matyan.RunCreated", text))
    expect(await run(Effect.flatMap(SchemaRegistry, (r) => r.schemaById(id)))).toBe(text)
  })

  test("is not missed by a process that was started here before, which tells of it until it is back", async () => {
    const idsFile = join(freshFolder(), "ids.json")
    const first = start({ idsFile })
    const before = bytesOf(await first.codec())
    await first.end()
    await server.kill()
    const second = start({ idsFile })
    expect(bytesOf(await second.codec())).toEqual(before)
    expect(await second.troubled()).toContain("away")
    await server.start()
    await until(
      "the alarm to end",
      () => second.told.trouble,
      (trouble) => trouble === null,
    )
  })

  test("is waited for, with an alarm, by a process that never knew its ids", async () => {
    await server.kill()
    const { codec, troubled, told } = start({ idsFile: join(freshFolder(), "ids.json") })
    expect(await troubled()).toContain("cannot be asked")
    await server.start()
    allComeBack(await codec())
    expect(told.trouble).toBeNull()
  })

  test("is waited for, for longer than an invented id is, by a reader that meets an unknown one", async () => {
    const { codec, run, troubled } = start({ timeouts: { unknown: 0 } })
    const foreign = JSON.stringify({ type: "record", name: "Waited", namespace: "elsewhere", fields: [] })
    const id = await start().run(registerText(crypto.randomUUID(), foreign))
    await codec()
    await server.kill()
    const learnt = run(Effect.flatMap(EventCodec, (codec) => codec.learn(id)))
    await troubled()
    await server.start()
    await learnt
    expect((await codec()).decode(underId(await codec(), samples[0]!, id))).toMatchObject({ undecodable: expect.anything() })
  })
})

describe("a schema registry that was emptied", () => {
  test("is refused at the start, with nothing written to it", async () => {
    const idsFile = join(freshFolder(), "ids.json")
    const first = start({ idsFile })
    await first.codec()
    await first.end()
    await server.restartEmpty()
    await expect(start({ idsFile }).codec()).rejects.toThrow(/emptied or exchanged.*bring the registry's data back/)
    expect(await ask("/subjects")).toEqual([])
  })

  test("is told of by a process that had to start without it, which keeps to the ids of its log", async () => {
    const idsFile = join(freshFolder(), "ids.json")
    const first = start({ idsFile })
    const before = bytesOf(await first.codec())
    await first.end()
    await server.kill()
    const second = start({ idsFile })
    await second.codec()
    await server.restartEmpty()
    await until(
      "the alarm",
      () => second.told.trouble,
      (trouble) => trouble?.includes("exchanged") === true,
    )
    expect(bytesOf(await second.codec())).toEqual(before)
  })

  test("has no say about unknown ids", async () => {
    const { codec, run, told } = start({ timeouts: { unknown: 0 } })
    await codec()
    await server.restartEmpty()
    let isLearnt = false
    void run(Effect.flatMap(EventCodec, (codec) => codec.learn(1_999_999_999))).then(() => (isLearnt = true))
    await until(
      "an alarm",
      () => told.trouble,
      (trouble) => trouble?.includes("does not know the schemas any more") === true,
    )
    expect(isLearnt).toBe(false)
  })
})
