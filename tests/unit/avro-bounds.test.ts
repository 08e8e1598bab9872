import avsc from "avsc"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { AvroBoundsError, boundsCheck } from "../../infra/avro/bounds.ts"
import type { Avro } from "../../events/define.ts"

const long = (value: number): Buffer => avsc.Type.forSchema("long").toBuffer(value)
const refused = (schema: Avro, bytes: Uint8Array): void => expect(() => boundsCheck(schema)(bytes, 0)).toThrow(AvroBoundsError)
const arrayOf = (items: Avro): Avro => ({ type: "array", items })

describe("Avro bounds", () => {
  test.each([
    ["an array of nulls", arrayOf("null"), long(1e8)],
    ["an array of empty records", arrayOf({ type: "record", name: "E", fields: [] }), long(2e8)],
    ["an array of doubles", arrayOf("double"), Buffer.concat([long(1e8), Buffer.alloc(80)])],
    ["an array of longs", arrayOf("long"), Buffer.concat([long(1e8), Buffer.alloc(80)])],
    ["an array of arrays", arrayOf(arrayOf("null")), Buffer.concat([long(2), long(1e8), Buffer.alloc(80)])],
    ["a block of negative count", arrayOf("double"), Buffer.concat([long(-1e8), long(8e8), Buffer.alloc(80)])],
    ["empty items in many blocks", arrayOf("null"), Buffer.concat([...Array.from({ length: 20 }, () => long(900)), long(0)])],
    ["a map", { type: "map", values: "null" }, Buffer.concat([long(1e8), Buffer.alloc(80)])],
    ["a count beyond 2^53", arrayOf("double"), Buffer.from("ffffffffffffffffff01", "hex")],
    ["bytes", "bytes", Buffer.concat([long(1e9), Buffer.alloc(8)])],
    ["bytes of a negative length", "bytes", Buffer.concat([long(-1), Buffer.alloc(8)])],
    ["a string", "string", Buffer.concat([long(9), Buffer.alloc(8)])],
  ] satisfies readonly (readonly [string, Avro, Uint8Array])[])(
    "%s that claims more than there is is refused",
    (_, schema, bytes) => {
      refused(schema, bytes)
    },
  )

  test.each([
    ["a union index below 0", ["null", "long"], long(-1)],
    ["a union index above the branches", ["null", "long"], long(2)],
    ["bytes left over", "long", Buffer.concat([long(1), long(1)])],
    ["an integer that does not end", "long", Buffer.alloc(20, 0xff)],
    ["a truncated integer", "long", Buffer.from([0x80])],
    ["a truncated double", "double", Buffer.alloc(7)],
    ["a string that is not UTF-8", "string", Buffer.concat([long(2), Buffer.from([0x61, 0xff])])],
    ["an overlong UTF-8 form", "string", Buffer.concat([long(2), Buffer.from([0xc0, 0x80])])],
    ["nothing", "long", Buffer.alloc(0)],
  ] satisfies readonly (readonly [string, Avro, Uint8Array])[])("%s is refused", (_, schema, bytes) => refused(schema, bytes))

  test("what avsc writes is let through, also in blocks with their sizes", () => {
    const schema = {
      type: "record",
      name: "R",
      fields: [
        { name: "d", type: { type: "array", items: "double" } },
        { name: "s", type: { type: "array", items: ["null", "string"] } },
        { name: "m", type: { type: "map", values: { type: "array", items: "long" } } },
        {
          name: "r",
          type: {
            type: "record",
            name: "I",
            fields: [
              { name: "b", type: "bytes" },
              { name: "t", type: "boolean" },
            ],
          },
        },
        { name: "again", type: ["null", "I"] },
      ],
    }
    const value = { d: [1, 2], s: ["é", null], m: { k: [1, -300] }, r: { b: Buffer.from("x"), t: true }, again: null }
    expect(() => boundsCheck(schema)(avsc.Type.forSchema(schema as avsc.Schema).toBuffer(value), 0)).not.toThrow()
    const sized = Buffer.concat([long(-2), long(16), Buffer.alloc(16), long(1), Buffer.alloc(8), long(0)])
    expect(() => boundsCheck(arrayOf("double"))(sized, 0)).not.toThrow()
  })

  test("random bytes are either refused or decoded by avsc within their own size", () => {
    const schema = arrayOf({
      type: "record",
      name: "R",
      fields: [
        { name: "a", type: ["null", "string"] },
        { name: "b", type: arrayOf("double") },
      ],
    })
    const type = avsc.Type.forSchema(schema as avsc.Schema)
    const check = boundsCheck(schema)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          check(bytes, 0)
        } catch (error) {
          expect(error).toBeInstanceOf(AvroBoundsError)
          return
        }
        expect(type.fromBuffer(Buffer.from(bytes))).toBeInstanceOf(Array)
      }),
      { numRuns: 2_000 },
    )
  })
})
