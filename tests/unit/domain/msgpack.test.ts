import { readFileSync } from "node:fs"
import { Unpackr } from "msgpackr"
import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { decodeValue, encodeValue, MsgpackError } from "../../../domain/msgpack.ts"
import { Float, type Value } from "../../../domain/value.ts"
import { aValue, nodeToValue, type Node } from "../../support/values.ts"

interface Vector {
  readonly name: string
  readonly value: Node
  readonly msgpack_hex: string
}
const vectors: readonly Vector[] = JSON.parse(readFileSync("tests/fixtures/golden/msgpack.json", "utf8"))

describe("msgpack", () => {
  it.each(vectors.filter(({ name }) => !name.startsWith("datetime")))("encodes $name as the stored layout has it", (vector) => {
    const value = nodeToValue(vector.value)
    expect(Buffer.from(encodeValue(value)).toString("hex")).toBe(vector.msgpack_hex)
    expect(decodeValue(Buffer.from(vector.msgpack_hex, "hex"))).toEqual(value)
  })

  it("reads a datetime as Unix seconds", () => {
    expect(decodeValue(Buffer.from("c70901cb41da556e40000000", "hex"))).toEqual(new Float(1767225600))
  })

  it("gives every value back, ints and floats apart", () =>
    fc.assert(
      fc.property(aValue, (value) => {
        expect(decodeValue(encodeValue(value))).toEqual(value)
      }),
    ))

  it("is MessagePack that another implementation reads", () =>
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (json) => {
        // The other implementation renames this key to protect itself.
        fc.pre(!JSON.stringify(json).includes("__proto__"))
        const value = fromJson(json)
        expect(other.unpack(encodeValue(value))).toEqual(JSON.parse(JSON.stringify(json)))
      }),
    ))

  it("refuses integers beyond 64 bits and bytes that end early or late", () => {
    expect(() => encodeValue(1n << 64n)).toThrow(MsgpackError)
    expect(() => encodeValue(-(1n << 63n) - 1n)).toThrow(MsgpackError)
    for (const hex of ["", "a3", "93c0", "dd7fffffff", "df7fffffff", "c0c0", "c1", "d40100"])
      expect(() => decodeValue(Buffer.from(hex, "hex")), hex).toThrow(MsgpackError)
  })

  it("refuses nesting without end", () => {
    expect(() => decodeValue(Buffer.alloc(100_000, 0x91))).toThrow(/deeper/)
  })
})

const other = new Unpackr({ int64AsType: "number", useRecords: false })

const fromJson = (json: unknown): Value => {
  if (Array.isArray(json)) return json.map(fromJson)
  if (json !== null && typeof json === "object") return new Map(Object.entries(json).map(([key, item]) => [key, fromJson(item)]))
  return Object.is(json, -0) ? 0 : (json as Value)
}
