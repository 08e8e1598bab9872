import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Float, float, int, type Value } from "../../domain/value.ts"
import { encodeTree, numpy, type Tree, TreeWriter } from "../../gateways/query/stream-codec.ts"
import { encodePath, type PathKey } from "../../gateways/query/stream-path.ts"
import { type Decoded, decodePath, decodeRecords, decodeTree } from "../support/stream-decoder.ts"
import { aValue, type Node, nodeToValue } from "../support/values.ts"

interface Case {
  readonly name: string
  readonly hex?: string
  readonly error?: string
}

const golden = <A>(file: string): readonly (Case & A)[] => JSON.parse(readFileSync(`tests/fixtures/golden/${file}.json`, "utf8"))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** How the golden values name the markers of an array and of an empty map. */
interface Flag {
  readonly $flag: "array" | "object"
}

type Key = string | { readonly $int: string }
const keyOf = (key: Key): PathKey => (typeof key === "string" ? key : int(BigInt(key.$int)))

/** As `nodeToValue`, but the keys of maps may be ints. */
const nodeToTree = (node: Node | Flag): Tree => {
  if (node !== null && typeof node === "object" && "$flag" in node) return node.$flag === "array" ? [] : new Map()
  if (node !== null && typeof node === "object" && "$map" in node)
    return new Map(node.$map.map(([key, item]) => [keyOf(key), nodeToTree(item)]))
  if (node !== null && typeof node === "object" && "$list" in node) return node.$list.map(nodeToTree)
  return nodeToValue(node)
}

describe("a path", () => {
  const paths = golden<{ path: readonly Key[] }>("paths")
  it.each(paths)("is written as the reference writes it: $name", ({ path, hex: expected }) => {
    expect(hex(encodePath(path.map(keyOf)))).toBe(expected)
  })

  it("is read back, whatever its bytes", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: "binary", minLength: 1 }).map((text) => text.toWellFormed()),
            fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(int),
            fc.maxSafeInteger(),
          ),
        ),
        (path) => {
          expect(decodePath(encodePath(path))).toEqual(path)
        },
      ),
    ))

  it("has the text of a number that is no int of 64 bits", () => {
    expect(decodePath(encodePath([1n << 63n, 0.5]))).toEqual(["9223372036854775808", "0.5"])
  })
})

describe("a value", () => {
  it.each(golden<{ value: Node | Flag }>("values").filter((one) => one.error === undefined))(
    "has the reference's bytes: $name",
    (one) => {
      const bytes = encodeTree(nodeToTree(one.value))
      expect(hex(bytes.subarray(8))).toBe(one.hex)
      expect(Buffer.from(bytes).readUInt32LE(4)).toBe(bytes.length - 8)
    },
  )

  it("is a float where its int does not fit 64 bits, and the stream goes on", () => {
    const tooWide = golden<{ value: Node | Flag }>("values").filter((one) => one.error !== undefined)
    expect(tooWide.length).toBe(2)
    const items = [...tooWide.map((one) => nodeToTree(one.value)), 10n ** 400n, 2 ** 63, "after"]
    const read = decodeTree(encodeTree(items))
    expect(read).toEqual([new Float(2 ** 63), new Float(-(2 ** 63)), `1${"0".repeat(400)}`, new Float(2 ** 63), "after"])
  })

  it("holds U+FFFD for a lone surrogate, in texts and names", () => {
    expect(decodeTree(encodeTree(new Map([["a\ud800b", "\udc00"]])))).toEqual(new Map([["a\ufffdb", "\ufffd"]]))
  })
})

describe("a tree", () => {
  const trees = golden<{ input: Node }>("trees").filter(({ input }) => !JSON.stringify(input).includes("$note"))
  it("covers the golden trees, but for the two whose input only Python has", () => expect(trees.length).toBe(38))

  it.each(trees)("has the reference's bytes: $name", ({ input, hex: expected }) => {
    expect(hex(encodeTree(nodeToTree(input)))).toBe(expected)
  })

  it("of any stored value is read back", () =>
    fc.assert(
      fc.property(aValue, (value) => {
        expect(decodeTree(encodeTree(named(value)))).toEqual(readable(value))
      }),
    ))

  it("with numeric columns has the reference's bytes, as array, typed array and part of one", () => {
    const expected = trees.find(({ name }) => name === "numpy_2")?.hex
    const view = Float64Array.of(9, 1.5, -2, 9).subarray(1, 3)
    for (const values of [[1.5, -2], Float64Array.of(1.5, -2), view]) expect(hex(encodeTree({ v: numpy(values) }))).toBe(expected)
    const bins = decodeTree(encodeTree(numpy([], 64)))
    expect(bins).toEqual(new Map(Object.entries({ type: "numpy", shape: 64, dtype: "float64", blob: new Uint8Array() })))
  })

  it("leaves out what is undefined in a plain object", () => {
    expect(hex(encodeTree({ a: {}, b: undefined }))).toBe(hex(encodeTree(new Map([["a", new Map()]]))))
    expect(hex(encodeTree({ b: undefined }))).toBe(hex(encodeTree({})))
  })
})

describe("a writer", () => {
  it("writes every golden answer again from its records", () => {
    const responses = golden<object>("responses")
    expect(responses.length).toBe(40)
    for (const { hex: expected = "" } of responses) {
      const writer = new TreeWriter(1)
      for (const { path, value } of decodeRecords(Buffer.from(expected, "hex"))) writer.write(value, path)
      expect(hex(writer.take())).toBe(expected)
    }
  })

  it("hands over bytes that it does not touch again, and goes on at the same root", () => {
    const writer = new TreeWriter(8)
    writer.progress(0, 3, 10)
    const first = writer.take()
    const copy = hex(first)
    writer.write("x", ["a", 1])
    expect(writer.length).toBeGreaterThan(0)
    const rest = writer.take()
    expect(hex(first)).toBe(copy)
    expect(copy).toBe(golden<object>("trees").find(({ name }) => name === "progress")?.hex)
    expect(decodeRecords(rest)).toEqual([{ path: ["a", 1], value: "x" }])
    expect(writer.length).toBe(0)
  })
})

/** The value with no empty name in it: a reader could not tell that from the start of an int. */
const named = (value: Value): Value => {
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [`_${key}`, named(item)]))
  return Array.isArray(value) ? value.map(named) : value
}

/** What is read for a named value: ints beyond 64 bits are floats. */
const readable = (value: Value): Decoded => {
  if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) return float(Number(value))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [`_${key}`, readable(item)]))
  return Array.isArray(value) ? value.map(readable) : value
}
