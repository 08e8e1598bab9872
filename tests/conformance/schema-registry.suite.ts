import { Effect, type Layer, ManagedRuntime } from "effect"
import { describe, expect, onTestFinished, test } from "vitest"
import { SchemaIncompatible, SchemaNotFound, SchemaRegistry } from "../../domain/ports/schema-registry.ts"

const schema = (name: string, ...fields: readonly object[]): string =>
  JSON.stringify({ type: "record", name, namespace: "matyan", fields })
const a = { name: "a", type: "long" }
const b = { name: "b", type: "string" }

/** The promises of {@link SchemaRegistry}, for any adapter; `fresh` gives a registry that is empty, or a subject of its own. */
export const schemaRegistrySuite = (name: string, fresh: () => Layer.Layer<SchemaRegistry, unknown>): void => {
  const connect = (layer: Layer.Layer<SchemaRegistry, unknown>) => {
    const runtime = ManagedRuntime.make(layer)
    onTestFinished(() => runtime.dispose())
    return {
      run: <A, E>(of: (registry: SchemaRegistry["Service"]) => Effect.Effect<A, E>) =>
        runtime.runPromise(Effect.flatMap(SchemaRegistry, of)),
      close: () => runtime.dispose(),
    }
  }
  const subject = (): string => `data-ingestion-matyan.${crypto.randomUUID()}`

  describe(`SchemaRegistry: ${name}`, () => {
    test("a registered schema is found by its id, with the same text in JSON", async () => {
      const registry = connect(fresh())
      const id = await registry.run((r) => r.register(subject(), schema("A", a)))
      expect(id).toBeGreaterThan(0)
      expect(JSON.parse(await registry.run((r) => r.schemaById(id)))).toEqual(JSON.parse(schema("A", a)))
    })

    test("the same text has the same id, again, under another subject, and after a reopening", async () => {
      const layer = fresh()
      const registry = connect(layer)
      const [one, other] = [subject(), subject()]
      const id = await registry.run((r) => r.register(one, schema("A", a)))
      expect(await registry.run((r) => r.register(one, schema("A", a)))).toBe(id)
      expect(await registry.run((r) => r.register(other, schema("A", a)))).toBe(id)
      await registry.close()
      expect(await connect(layer).run((r) => r.register(one, schema("A", a)))).toBe(id)
    })

    test("different texts have different ids", async () => {
      const registry = connect(fresh())
      const ids = [
        await registry.run((r) => r.register(subject(), schema("A", a))),
        await registry.run((r) => r.register(subject(), schema("B", a))),
      ]
      expect(new Set(ids).size).toBe(2)
    })

    test("two connections that register at once agree", async () => {
      const layer = fresh()
      const registries = [connect(layer), connect(layer)]
      const to = subject()
      const ids = await Promise.all(registries.map((registry) => registry.run((r) => r.register(to, schema("A", a)))))
      expect(new Set(ids).size).toBe(1)
    })

    test("a field with a default may be added, and earlier versions may be registered again", async () => {
      const registry = connect(fresh())
      const to = subject()
      const first = await registry.run((r) => r.register(to, schema("A", a)))
      const second = await registry.run((r) => r.register(to, schema("A", a, { ...b, default: "" })))
      expect(second).not.toBe(first)
      expect(await registry.run((r) => r.register(to, schema("A", a)))).toBe(first)
    })

    test.each([
      ["a field without a default is added", schema("A", a, b)],
      ["a field changes its type", schema("A", { ...a, type: "string" })],
    ])("a schema is refused when %s", async (_, broken) => {
      const registry = connect(fresh())
      const to = subject()
      await registry.run((r) => r.register(to, schema("A", a)))
      const failure = await registry.run((r) => Effect.flip(r.register(to, broken)))
      expect(failure).toBeInstanceOf(SchemaIncompatible)
      expect(failure).toMatchObject({ subject: to })
    })

    test("an id that was never given is not found", async () => {
      const failure = await connect(fresh()).run((r) => Effect.flip(r.schemaById(1_999_999_999)))
      expect(failure).toBeInstanceOf(SchemaNotFound)
    })
  })
}
