import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime } from "effect"
import fc from "fast-check"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { SchemaIncompatible, SchemaNotFound, SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { catalog } from "../../events/index.ts"
import { EventCodec, eventCodec, isDecoded } from "../../infra/avro/codec.ts"
import { patience } from "../../infra/confluent/patience.ts"
import { type ConfluentOptions, confluentRegistry } from "../../infra/confluent/schema-registry.ts"
import { freshFolder } from "../support/folders.ts"
import { eventOf } from "../support/generators.ts"
import { json, registryServer } from "../support/registry-server.ts"
import { until } from "../support/wait.ts"

const schema = (name: string): string =>
  JSON.stringify({ type: "record", name, namespace: "matyan", fields: [{ name: "a", type: "long" }] })

const connect = (options: ConfluentOptions) => {
  const told: (string | null)[] = []
  const layer: Layer.Layer<SchemaRegistry, unknown> = confluentRegistry({
    ...options,
    onTrouble: (trouble) => void told.push(trouble),
    timeouts: { again: 0.02, request: 0.3, start: 0.1, unknown: 0, ...options.timeouts },
  })
  const runtime = ManagedRuntime.make(layer)
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (registry: SchemaRegistry["Service"]) => Effect.Effect<A, E>) =>
    runtime.runPromise(Effect.flatMap(SchemaRegistry, of))
  return {
    told,
    run,
    dispose: () => runtime.dispose(),
    register: (subject: string, text: string) => run((r) => r.register(subject, text)),
    refusal: (subject: string, text: string) => run((r) => Effect.flip(r.register(subject, text))),
    troubled: (part: string) =>
      until(
        part,
        () => told.at(-1) ?? null,
        (trouble) => trouble?.includes(part) === true,
      ),
  }
}

describe("a registry that refuses", () => {
  test.each([
    [401, /SCHEMA_REGISTRY_USERNAME/],
    [403, /let it read and write subjects/],
    [404, /SCHEMA_REGISTRY_URL/],
  ])("with %i says what to do, at once", async (status, message) => {
    const server = await registryServer()
    server.misbehave = ({ method }, response) => method === "POST" && json(response, status, { message: "no" })
    await expect(connect({ url: server.url }).register("s", schema("A"))).rejects.toThrow(message)
  })

  test.each([409, 422])("a schema with %i has refused it for its subject", async (status) => {
    const server = await registryServer()
    server.misbehave = ({ method }, response) => method === "POST" && json(response, status, { message: "why it is so" })
    const refusal = await connect({ url: server.url }).refusal("s", schema("A"))
    expect(refusal).toBeInstanceOf(SchemaIncompatible)
    expect(refusal).toMatchObject({ subject: "s", message: expect.stringContaining("why it is so") })
  })

  test("to let us demand BACKWARD is used, and told of", async () => {
    const server = await registryServer()
    server.misbehave = ({ method }, response) => method === "PUT" && json(response, 403, { message: "no" })
    const registry = connect({ url: server.url })
    expect(await registry.register("s", schema("A"))).toBe(1)
    await registry.troubled("does not let us demand BACKWARD")
  })

  test("a rule for a subject that is not there yet is told the rule afterwards", async () => {
    const server = await registryServer()
    const exists = () => server.asked.some(({ method }) => method === "POST")
    server.misbehave = ({ method }, response) => method === "PUT" && !exists() && json(response, 404, { message: "no subject" })
    const registry = connect({ url: server.url })
    await registry.register("s", schema("A"))
    expect(server.levels.get("s")).toBe("BACKWARD")
    expect(registry.told).toEqual([])
  })
})

describe("a registry that does not answer as one", () => {
  test.each([
    ["500", "no leader"],
    ["429", "slow down"],
    ["a proxy's 404", "is the path of its URL right?"],
    ["nothing", "no answer within"],
    ["half an answer", "no answer within"],
    ["a page", "the answer has no"],
  ])("but with %s is waited for, with an alarm", async (kind, reason) => {
    const server = await registryServer()
    server.misbehave = (_, response) => {
      if (kind === "500" || kind === "429") return json(response, Number(kind), { message: reason })
      if (kind === "a proxy's 404") response.writeHead(404).end("<h1>nothing here</h1>")
      if (kind === "a page") response.writeHead(200).end("<h1>welcome</h1>")
      if (kind === "half an answer") {
        response.writeHead(200, { "content-length": 100 }).write('{"id":')
        setImmediate(() => response.destroy())
      }
      return true
    }
    const registry = connect({ url: server.url })
    const id = registry.register("s", schema("A"))
    await registry.troubled(reason)
    server.misbehave = () => false
    expect(await id).toBe(1)
    expect(registry.told.at(-1)).toBeNull()
  })

  test("holds no process up that knows its ids", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    await connect({ url: server.url, idsFile }).register("s", schema("A"))
    server.misbehave = () => true
    const registry = connect({ url: server.url, idsFile })
    expect(await registry.register("s", schema("A"))).toBe(1)
    await registry.troubled("ids kept from an earlier start serve")
    server.misbehave = () => false
    await until(
      "the alarm to end",
      () => registry.told.at(-1),
      (trouble) => trouble === null,
    )
  })
})

describe("the ids that are kept", () => {
  test("of another address serve only once this one has confirmed them", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    await connect({ url: server.url, idsFile }).register("s", schema("A"))
    server.misbehave = (_, response) => json(response, 503, { message: "later" })
    const byOtherName = `http://localhost:${server.port}`
    const registry = connect({ url: byOtherName, idsFile })
    const id = registry.register("s", schema("A"))
    await registry.troubled("later")
    server.misbehave = () => false
    expect(await id).toBe(1)
    expect(JSON.parse(readFileSync(idsFile, "utf8"))).toMatchObject({ registry: byOtherName })
  })

  test("that the registry gave another schema are refused, with the way out", async () => {
    const [server, other] = [await registryServer(), await registryServer()]
    const idsFile = join(freshFolder(), "ids.json")
    await connect({ url: server.url, idsFile }).register("s", schema("A"))
    await connect({ url: other.url }).register("s", schema("B"))
    const refused = connect({ url: other.url, idsFile }).register("s", schema("A"))
    await expect(refused).rejects.toThrow(/emptied or exchanged: schema 1 is of s, .*another schema there.*delete that file/)
    expect(other.asked.filter(({ method }) => method === "POST")).toHaveLength(1)
  })

  test("are confirmed in whatever words the registry gives a schema back", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    await connect({ url: server.url, idsFile }).register("s", schema("A"))
    server.wording = () => JSON.stringify({ fields: [{ type: { type: "long" }, name: "a" }], name: "matyan.A", type: "record" })
    expect(await connect({ url: server.url, idsFile }).register("s", schema("A"))).toBe(1)
  })

  test("keeps all ids that it knows, though another process that began with it put an older file in its place", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    const registry = connect({ url: server.url, idsFile })
    await registry.register("s", schema("A"))
    const older = readFileSync(idsFile)
    await registry.register("t", schema("B"))
    writeFileSync(idsFile, older)
    await registry.register("u", schema("C"))
    expect(Object.keys(JSON.parse(readFileSync(idsFile, "utf8")).ids)).toEqual(["s", "t", "u"])
  })

  test("of two processes stand side by side", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    const registries = [connect({ url: server.url, idsFile }), connect({ url: server.url, idsFile })] as const
    await registries[0].register("s", schema("A"))
    await registries[1].register("t", schema("B"))
    expect(Object.keys(JSON.parse(readFileSync(idsFile, "utf8")).ids)).toEqual(["s", "t"])
  })

  test("in a damaged file are as none", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    for (const damaged of ["", '{"registry":"http://x","ids":{"s":', "null", '{"registry":"http://x"}', "[1]"]) {
      writeFileSync(idsFile, damaged)
      expect(await connect({ url: server.url, idsFile }).register("s", schema("A"))).toBe(1)
    }
    expect(JSON.parse(readFileSync(idsFile, "utf8"))).toMatchObject({ registry: server.url })
  })

  test("where nothing can be written are told of, and serve", async () => {
    const server = await registryServer()
    const folder = freshFolder()
    writeFileSync(join(folder, "file"), "")
    chmodSync(join(folder, "file"), 0o400)
    const registry = connect({ url: server.url, idsFile: join(folder, "file", "ids.json") })
    expect(await registry.register("s", schema("A"))).toBe(1)
    await registry.troubled("cannot be kept")
  })

  test("and the alarms show no credentials", async () => {
    const server = await registryServer()
    const idsFile = join(freshFolder(), "ids.json")
    const auth = { username: "matyan", password: "hidden-word" }
    const url = server.url.replace("http://", "http://other:secret-word@")
    const registry = connect({ url, idsFile, auth })
    server.misbehave = (_, response) => json(response, 503, { message: "later" })
    const id = registry.register("s", schema("A"))
    await registry.troubled("later")
    server.misbehave = () => false
    await id
    expect(server.asked.at(-1)?.authorization).toBe(`Basic ${btoa("matyan:hidden-word")}`)
    expect(readFileSync(idsFile, "utf8") + registry.told.join()).not.toMatch(/hidden-word|secret-word/)
  })
})

describe("what the registry said once", () => {
  test("is not asked again", async () => {
    const server = await registryServer()
    const registry = connect({ url: server.url })
    await registry.register("s", schema("A"))
    const foreign = await connect({ url: server.url }).register("t", schema("B"))
    await registry.run((r) => r.schemaById(foreign))
    const before = server.asked.length
    await registry.register("s", schema("A"))
    expect(await registry.run((r) => r.schemaById(1))).toBe(schema("A"))
    expect(await registry.run((r) => r.schemaById(foreign))).toBe(schema("B"))
    expect(server.asked).toHaveLength(before)
  })

  test.each([0, -1, 2 ** 31, 2 ** 32 - 1, 1.5])("an id that cannot be one (%d) is not asked for", async (id) => {
    const server = await registryServer()
    const failure = await connect({ url: server.url }).run((r) => Effect.flip(r.schemaById(id)))
    expect(failure).toBeInstanceOf(SchemaNotFound)
    expect(server.asked).toEqual([])
  })
})

test("an id that was given up is asked for again a minute later", async () => {
  const server = await registryServer()
  const registry = confluentRegistry({ url: server.url, timeouts: { unknown: 0 } })
  const runtime = ManagedRuntime.make(Layer.provide(eventCodec([catalog.RunRenamed]), registry))
  onTestFinished(() => runtime.dispose())
  const codec = await runtime.runPromise(EventCodec)
  const bytes = Buffer.from(codec.encode(fc.sample(eventOf("RunRenamed"), 1)[0]!).bytes)
  bytes.writeUInt32BE(2, 1)
  await runtime.runPromise(codec.learn(2))
  expect(codec.decode(bytes)).toEqual({ undecodable: "schema 2 is not one of ours" })
  const { type, name, namespace, fields } = catalog.RunRenamed.versions[0]!.schema as Readonly<Record<string, unknown>>
  await connect({ url: server.url }).register("restored", JSON.stringify({ fields, name, namespace, type }))
  const now = performance.now()
  const clock = vi.spyOn(performance, "now").mockReturnValue(now + 61_000)
  onTestFinished(() => clock.mockRestore())
  expect(codec.decode(bytes)).toMatchObject({ unknownSchema: 2 })
  await runtime.runPromise(codec.learn(2))
  expect(isDecoded(codec.decode(bytes))).toBe(true)
})

test("an address that is none is refused", async () => {
  await expect(connect({ url: "registry:8081 please" }).register("s", schema("A"))).rejects.toThrow(/not a URL/)
})

test("the patience for invented ids runs out, and comes back slowly", () => {
  let now = 0
  const left = patience(60, () => now)
  left.spend(45)
  expect(left.secondsLeft()).toBe(15)
  left.spend(60)
  expect(left.secondsLeft()).toBe(0)
  now += 600
  expect(left.secondsLeft()).toBeCloseTo(10)
  now += 86_400
  expect(left.secondsLeft()).toBe(60)
})
