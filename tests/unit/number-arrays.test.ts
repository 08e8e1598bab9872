import avsc from "avsc"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { numberArray } from "../../infra/avro/number-arrays.ts"

const made = (items: "double" | "long"): avsc.Type => numberArray(items, {})!
const ordinary = (items: "double" | "long"): avsc.Type => avsc.Type.forSchema({ type: "array", items })

/** Integers of every length that a varint may have within what avsc writes exactly. */
const longs = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true })))

describe("arrays of numbers", () => {
  test("longs of every length are read as avsc reads them", () => {
    fc.assert(
      fc.property(longs, (shapes) => {
        const values = shapes.map(([bits, isNegative, part]) => Math.floor(2 ** bits * (1 + part)) * (isNegative ? -1 : 1))
        expect(made("long").fromBuffer(ordinary("long").toBuffer(values))).toEqual(values)
      }),
    )
  })

  test("longs at the edge of each byte are read as they were", () => {
    const edges = Array.from({ length: 51 }, (_, bits) => 2 ** bits).flatMap((edge) => [edge - 1, edge, -edge, -edge - 1])
    expect(made("long").fromBuffer(ordinary("long").toBuffer(edges))).toEqual(edges)
  })

  test("doubles are read bit for bit, at any place in a buffer", () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.nat(9), (values, before) => {
        const bytes = ordinary("double").toBuffer(values)
        const within = Buffer.concat([Buffer.alloc(before, 0xff), bytes]).subarray(before)
        const read = made("double").fromBuffer(within) as number[]
        expect(read.length).toBe(values.length)
        for (const [i, value] of values.entries()) expect(read[i]).toBe(value)
      }),
    )
  })

  test("blocks are read one after the other, with and without their size", () => {
    // Two items; then, as a negative count and a size in bytes, one more.
    const bytes = Buffer.from([0x04, 0x02, 0x03, 0x01, 0x04, 0xac, 0x02, 0x00])
    expect(made("long").fromBuffer(bytes)).toEqual([1, -2, 150])
    expect(made("long").fromBuffer(Buffer.from([0x00]))).toEqual([])
  })

  test("other items are left to avsc", () => {
    expect(numberArray("string", {})).toBeUndefined()
  })
})
