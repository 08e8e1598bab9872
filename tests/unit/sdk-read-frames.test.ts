import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { frameOf } from "../../gateways/query/series-frames.ts"
import { gathered } from "../../sdk/read/gathered.ts"
import { seriesFrames } from "../../sdk/read/series-frames.ts"
import { inChunks } from "../support/sdk-bodies.ts"

const aColumn = fc.float64Array({ maxLength: 20 })

describe("frames of series", () => {
  test("are read bit for bit as they were written, whatever the chunks", () =>
    fc.assert(
      fc.asyncProperty(fc.array(aColumn, { maxLength: 5 }), fc.array(fc.nat()), async (columns, ends) => {
        const frames = columns.map((column, index) =>
          frameOf({ index, run: "r", name: "ä".repeat(index), context: {} }, [column, column]),
        )
        const bytes = Buffer.concat([frameOf({ series: columns.length, columns: ["step", "value"] }), ...frames])
        const [first, ...found] = await gathered(seriesFrames(inChunks(bytes, ends)))
        expect(first).toEqual({ head: { series: columns.length, columns: ["step", "value"] }, frame: null })
        expect(found.map(({ frame }) => frame?.columns)).toEqual(columns.map((column) => [column, column]))
        expect(found.map(({ frame }) => frame?.name)).toEqual(columns.map((_, index) => "ä".repeat(index)))
      }),
    ))

  test("are not copied where they lie so that they need not be", async () => {
    const column = Float64Array.from({ length: 1_000 }, (_, i) => i)
    const bytes = Uint8Array.from(
      Buffer.concat([
        frameOf({ series: 1, columns: ["value"] }),
        frameOf({ index: 0, run: "r", name: "n", context: {} }, [column]),
      ]),
    )
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(bytes)
        controller.close()
      },
    })
    const response = { body } as unknown as Response
    const [, found] = await gathered(seriesFrames(response))
    expect(found?.frame?.columns[0]).toEqual(column)
    expect(found?.frame?.columns[0]?.buffer).toBe(bytes.buffer)
  })

  test("that end within one, or before the first, are told so", async () => {
    const bytes = Buffer.concat([frameOf({ series: 1, columns: ["v"] }), frameOf({ index: 0 }, [Float64Array.of(1, 2)])])
    const isCut = { name: "MatyanError", code: "cut" }
    await expect(gathered(seriesFrames(inChunks(bytes.subarray(0, -1), [])))).rejects.toMatchObject(isCut)
    await expect(gathered(seriesFrames(inChunks(new Uint8Array(0), [])))).rejects.toMatchObject(isCut)
  })
})
