import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Float, isMap, type Value } from "../../domain/value.ts"
import { encodeTree, numpy, type Tree, TreeWriter } from "../../gateways/query/stream-codec.ts"
import { entriesOf, treeOf } from "../../sdk/read/entries.ts"
import { gathered } from "../../sdk/read/gathered.ts"
import { inChunks } from "../support/sdk-bodies.ts"
import { aValue } from "../support/values.ts"

/** A value as plain JavaScript has it. */
const plain = (value: Value): unknown => {
  if (value instanceof Float) return value.value
  if (isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [key.toWellFormed(), plain(item)]))
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain)
  if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) return Number(value)
  return typeof value === "string" ? value.toWellFormed() : value
}

/** Names are never empty: the server refuses them, since the format cannot tell them from integers. */
const isNamed = (value: Value): boolean => {
  if (isMap(value)) return !value.has("") && [...value.values()].every(isNamed)
  return !Array.isArray(value) || (value as readonly Value[]).every(isNamed)
}

const aBranch = fc.dictionary(fc.string({ minLength: 1 }), aValue.filter(isNamed), { minKeys: 1, maxKeys: 5 })

describe("binary trees", () => {
  test("are read as they were written, whatever the chunks", () =>
    fc.assert(
      fc.asyncProperty(fc.array(aBranch, { maxLength: 4 }), fc.array(fc.nat()), async (branches, ends) => {
        const writer = new TreeWriter()
        for (const [i, branch] of branches.entries()) writer.write(new Map(Object.entries(branch)), [`run ${i}`])
        const found = await gathered(entriesOf(inChunks(writer.take(), ends), "it"))
        const expected = branches.map((branch, i) => ({ key: `run ${i}`, value: plain(new Map(Object.entries(branch))) }))
        expect(found).toEqual(expected)
      }),
    ))

  test("hold numbers in bytes as numbers", async () => {
    const values = Float64Array.of(1, Number.NaN, -Infinity, 0.1)
    const traces: readonly Tree[] = [
      { name: "a", values: numpy(values), iters: numpy([]) },
      { name: "b", values: numpy([2]) },
    ]
    const bytes = encodeTree({ traces, props: { name: "n" } }, ["r"])
    const tree = await treeOf(inChunks(bytes, [3, 77, 200]), "it")
    expect(tree).toEqual({
      r: {
        traces: [
          { name: "a", values, iters: new Float64Array(0) },
          { name: "b", values: Float64Array.of(2) },
        ],
        props: { name: "n" },
      },
    })
  })

  test("may have any names, and harm nothing with them", async () => {
    const hostile = new Map<string, Tree>([
      ["__proto__", new Map<string, Tree>([["polluted", true]])],
      ["constructor", new Map<string, Tree>([["prototype", 1]])],
      ["hasOwnProperty", 1],
      ["", 2],
    ])
    const { r } = await treeOf(inChunks(encodeTree(hostile, ["r"]), []), "it")
    expect(Object.keys(r as object)).toEqual(["__proto__", "constructor", "hasOwnProperty", ""])
    expect(({} as { readonly polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(r)).toBe(Object.prototype)
  })

  test("have steps for keys, below zero, too", async () => {
    const lines = new Map<number, Tree>([
      [-1, "before"],
      [0, "zero"],
      [2 ** 40, "late"],
    ])
    expect(await gathered(entriesOf(inChunks(encodeTree(lines), [9]), "it"))).toEqual([
      { key: -1, value: "before" },
      { key: 0, value: "zero" },
      { key: 2 ** 40, value: "late" },
    ])
  })

  test("keep what is more than a number holds", async () => {
    const tree = await treeOf(inChunks(encodeTree({ big: 2n ** 62n, low: -(2n ** 63n), safe: 2 ** 53 - 1 }), []), "it")
    expect(tree).toEqual({ big: 2n ** 62n, low: -(2n ** 63n), safe: 2 ** 53 - 1 })
  })

  test("that end within a record are told from those that are whole, and what came before is there", async () => {
    const [one, two] = [encodeTree({ name: "first" }, ["a"]), encodeTree({ name: "second" }, ["b"])]
    const bytes = Buffer.concat([one, two])
    for (let end = one.length + 1; end < bytes.length; end++) {
      const found: unknown[] = []
      const read = async () => {
        for await (const { key } of entriesOf(inChunks(bytes.subarray(0, end), [7]), "it")) found.push(key)
      }
      await expect(read()).rejects.toMatchObject({ name: "MatyanError", code: "cut" })
      expect(found).toEqual([])
    }
    expect(await treeOf(inChunks(one, []), "it")).toEqual({ a: { name: "first" } })
  })

  test("that are none are refused, and nothing else is thrown", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const problem = await treeOf(inChunks(bytes, [5]), "it").then(
          () => null,
          (error: unknown) => error,
        )
        if (problem !== null) expect(problem).toMatchObject({ name: "MatyanError" })
      }),
    ))

  test("may have values that come in thousands of chunks", async () => {
    const blob = new Uint8Array(8 * 2 ** 20).fill(7)
    const ends = Array.from({ length: 4_000 }, (_, i) => i * 2_100)
    const bytes = encodeTree(new Map([["uri", blob]]))
    const tree = await treeOf(inChunks(bytes, ends), "it")
    expect(Buffer.compare(tree["uri"] as Uint8Array, blob)).toBe(0)
  })
})
