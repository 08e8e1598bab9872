import { readFileSync } from "node:fs"
import fc from "fast-check"
import * as fdb from "fdb-tuple"
import { describe, expect, it } from "vitest"
import { Float, float, int } from "../../../domain/value.ts"
import { type Element, pack, under, unpack } from "../../../projections/keys.ts"
import { nodeToValue, type Node } from "../../support/values.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

const anElement: fc.Arbitrary<Element> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }).map(int),
  fc.double({ noNaN: true }).map(float),
)

describe("tuple keys", () => {
  // The vectors of the published tuple specification and of FoundationDB's bindings.
  it.each<[string, Element, string]>([
    ["bytes with a zero", Buffer.from("foo\0bar"), "01666f6f00ff62617200"],
    ["text with a zero", "F\u00d4O\0bar", "0246c3944f00ff62617200"],
    ["null", null, "00"],
    ["-5551212", -5551212, "11ab4b93"],
    ["0", 0, "14"],
    ["-1", -1, "13fe"],
    ["255", 255, "15ff"],
    ["256", 256, "160100"],
    ["-255", -255, "1300"],
    ["-256", -256, "12feff"],
    ["2^64 - 1", (1n << 64n) - 1n, "1cffffffffffffffff"],
    ["2^64", 1n << 64n, "1d09010000000000000000"],
    ["-(2^64)", -(1n << 64n), "0bf6feffffffffffffffff"],
    ["-42.0", new Float(-42), "213fbaffffffffffff"],
    ["3.14", 3.14, "21c0091eb851eb851f"],
    ["true", true, "27"],
    ["false", false, "26"],
  ])("packs %s as published", (_, element, bytes) => {
    expect(hex(pack([element]))).toBe(bytes)
  })

  const order: readonly { value: Node; tuple_hex: string }[] = JSON.parse(
    readFileSync("tests/fixtures/golden/hparam_index_order.json", "utf8"),
  )
  it.each(order)("packs the hyperparameter $value as recorded", ({ value, tuple_hex }) => {
    expect(hex(pack([nodeToValue(value) as Element]))).toBe(tuple_hex)
  })

  it("gives every tuple back", () =>
    fc.assert(
      fc.property(fc.array(anElement), (tuple) => {
        expect(unpack(pack(tuple)).map(plain)).toEqual(tuple.map(plain))
      }),
    ))

  it("packs what the published package packs, floats told apart", () =>
    fc.assert(
      fc.property(fc.array(anElement), (tuple) => {
        const theirs = tuple.map((element) => {
          if (element instanceof Uint8Array) return Buffer.from(element)
          return isFloat(element)
            ? { type: "double" as const, value: element instanceof Float ? element.value : Number(element) }
            : element
        })
        // The package types integers as numbers and bigints alike.
        expect(hex(pack(tuple))).toBe(hex(fdb.pack(theirs as fdb.TupleItem[])))
      }),
    ))

  it("keeps numbers of one type in their order", () =>
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        if (a < b) expect(Buffer.compare(pack([float(a)]), pack([float(b)]))).toBe(-1)
      }),
    ))

  it("has the extensions of a tuple, and nothing else, under it", () => {
    const [begin, end] = under(pack(["a"]))
    const inside = (key: Uint8Array) => Buffer.compare(begin, key) <= 0 && Buffer.compare(key, end) < 0
    expect(
      [
        ["a", 0],
        ["a", null],
        ["a", true],
      ].map((tuple) => inside(pack(tuple))),
    ).toEqual([true, true, true])
    expect([["a"], ["b"], ["a\0"], ["aa", 1]].map((tuple) => inside(pack(tuple)))).toEqual([false, false, false, false])
  })

  it("packs an integral number of any size whole", () => {
    for (const value of [1e300, -1e300, 2 ** 64, -(2 ** 80)])
      expect(unpack(pack([value, "after"]))).toEqual([BigInt(value), "after"])
  })

  it("refuses bytes that are no tuple", () => {
    for (const bytes of ["ff", "0261", "1601", "50"]) expect(() => unpack(Buffer.from(bytes, "hex")), bytes).toThrow()
  })
})

const isFloat = (element: Element) => element instanceof Float || (typeof element === "number" && !Number.isInteger(element))
const plain = (element: Element) =>
  element instanceof Float
    ? `float ${element.value}`
    : element instanceof Uint8Array
      ? hex(element)
      : isFloat(element)
        ? `float ${String(element)}`
        : element
