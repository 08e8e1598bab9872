/** Attributes as a tree of rows: whatever is set, in whatever order, reads back as if set in a plain map. */
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import type { Value } from "../../../domain/value.ts"
import { attributesOf } from "../../../projections/run-view.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const key = fc.constantFrom("a", "b", "0", "__x", "é")
const aNode = fc.letrec<{ node: Value }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Value>(null, true, 1, 0.5, "text", "x".repeat(200_000)),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("node")), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
})).node

interface Setting {
  readonly path: readonly string[]
  readonly value: Value
}
const aSetting: fc.Arbitrary<Setting> = fc.record({ path: fc.array(key, { minLength: 1, maxLength: 3 }), value: aNode })

type Plain = Map<string, Value>

/** Sets a value in nested maps; what is no map and in the way is replaced by one. */
const setIn = (root: Plain, { path, value }: Setting): void => {
  let at = root
  for (const step of path.slice(0, -1)) {
    const next = at.get(step)
    const map: Plain = next instanceof Map ? next : new Map()
    at.set(step, map)
    at = map
  }
  at.set(path.at(-1)!, copy(value))
}

const copy = (value: Value): Value =>
  value instanceof Map ? new Map([...value].map(([name, item]: [string, Value]) => [name, copy(item)])) : value

describe("attributes", () => {
  it("read back what was set, a leaf or a list in the way of a path replaced", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aSetting, { minLength: 1, maxLength: 8 }), async (settings) => {
        const store = await bed()
        const model: Plain = new Map()
        for (const [offset, setting] of settings.entries()) {
          const data = { runId: "run", paths: [setting.path], values: [encodeValue(setting.value)] }
          await store.fold(
            { topic: "data-ingestion", partition: 0 },
            recorded("data-ingestion", 0, [stamped({ type: "AttributesSet", data }, 1)], offset),
          )
          setIn(model, setting)
        }
        expect(await store.read((rows) => attributesOf(rows, "run"))).toEqual(model)
        await store.close()
      }),
      { numRuns: 60 },
    )
  })

  it("that are an empty map where a map is stay what they are only if it is empty", async () => {
    const store = await bed()
    onTestFinished(store.close)
    const set = (value: Value, offset: number) =>
      store.fold(
        { topic: "data-ingestion", partition: 0 },
        recorded(
          "data-ingestion",
          0,
          [stamped({ type: "AttributesSet", data: { runId: "run", paths: [["foo"]], values: [encodeValue(value)] } }, 1)],
          offset,
        ),
      )
    await set(new Map(), 0)
    await set(new Map([["a", 1]]), 1)
    await set(new Map(), 2)
    expect(await store.read((rows) => attributesOf(rows, "run"))).toEqual(new Map([["foo", new Map()]]))
  })
})
