import fc from "fast-check"
import { expect, it } from "vitest"
import { decodeValue, encodeValue } from "../../domain/msgpack.ts"
import { lazyMap } from "../../domain/msgpack-lazy.ts"
import { Float, isMap, type Value, type ValueMap } from "../../domain/value.ts"

const scalars = fc.oneof(
  fc.constantFrom<Value>(
    null,
    true,
    new Float(1),
    2n ** 60n,
    -(2n ** 60n),
    -1,
    -40,
    -200,
    -40_000,
    70_000,
    300,
    Uint8Array.of(1, 2),
  ),
  fc.double({ noNaN: true }).map((value): Value => (Number.isInteger(value) ? new Float(value) : value)),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom("x".repeat(300), "y".repeat(70_000)),
)
const key = fc.oneof(fc.constantFrom("a", "b", "é", "", "k".repeat(40)), fc.string({ maxLength: 5 }))
const { map } = fc.letrec<{ value: Value; map: ValueMap }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalars, fc.array(tie("value"), { maxLength: 20 }), tie("map")),
  map: fc.array(fc.tuple(key, tie("value")), { maxLength: 20 }).map((entries) => new Map(entries)),
}))

const compare = (lazy: ValueMap, plain: ValueMap): void => {
  expect(lazy.size).toBe(plain.size)
  for (const [name, value] of plain) {
    expect(lazy.has(name)).toBe(true)
    const found = lazy.get(name)
    if (isMap(value) && isMap(found)) compare(found, value)
    else expect(found).toEqual(value)
  }
  expect(lazy.has("nobody has this")).toBe(false)
  expect(lazy.get("nobody has this")).toBeUndefined()
}

it("a map that is decoded as it is asked is the map that its bytes are, before and after all of it was asked", () => {
  fc.assert(
    fc.property(map, (stored) => {
      const bytes = encodeValue(stored)
      const plain = decodeValue(bytes) as ValueMap
      const lazy = lazyMap(bytes)
      compare(lazy, plain)
      expect([...lazy]).toEqual([...plain])
      expect([...lazy.keys()]).toEqual([...plain.keys()])
      expect([...lazyMap(bytes).values()]).toEqual([...plain.values()])
      compare(lazy, plain)
    }),
  )
})
