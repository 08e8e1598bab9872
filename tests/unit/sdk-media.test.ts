import fc from "fast-check"
import { inflateSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { blobPathProblem, defaultIngestLimits } from "../../domain/limits.ts"
import { blobPath } from "../../sdk/media/blob-object.ts"
import { contentTypeOf } from "../../sdk/media/content-type.ts"
import { histogram } from "../../sdk/media/distribution.ts"
import { imageHead } from "../../sdk/media/image-head.ts"
import { pngOf } from "../../sdk/media/png.ts"
import { wavOf } from "../../sdk/media/wav.ts"

/** Pictures of 3 × 2 pixels, made by Pillow 12. */
const pictures: Readonly<Record<string, string>> = {
  PNG: "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAHElEQVR4nGM8IRfFwMDAwMDAxMDAYPFwGQMDAwAfdwMD/AIVswAAAABJRU5ErkJggg==",
  "JPEG in one scan":
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCAACAAMDASIAAhEBAxEB",
  "JPEG in several scans":
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wgARCAACAAMDASIAAhEBAxEB",
  GIF: "R0lGODdhAwACAIEAAAD/AMgeWgAAAAAAACwAAAAAAwACAAAICAADCAwAIEBAADs=",
  BMP: "Qk1OAAAAAAAAADYAAAAoAAAAAwAAAAIAAAABABgAAAAAABgAAADEDgAAxA4AAAAAAAAAAAAAWh7IAP8AWh7IAAAAWh7IWh7IWh7IAAAA",
  "WEBP with loss": "UklGRjYAAABXRUJQVlA4ICoAAACQAQCdASoDAAIABUB8JagAApz92sAA/i6HGvt23v/+zvy/bD6TF+zgAAA=",
  "WEBP without loss": "UklGRiIAAABXRUJQVlA4TBUAAAAvAkAAAA/wj/9BHq35jzS84CCi/xEA",
  "WEBP with transparency":
    "UklGRk4AAABXRUJQVlA4WAoAAAAQAAAAAgAAAQAAQUxQSAcAAAAAZGRkZABkAFZQOCAgAAAAMAEAnQEqAwACAAVAfCWgAANwAP7lCR//cH6g/iDEAAA=",
}

describe("the head of a picture", () => {
  it.each(Object.entries(pictures))("tells the size of a %s", (name, base64) =>
    expect(imageHead(Buffer.from(base64, "base64"))).toEqual({ format: name.split(" ")[0], width: 3, height: 2 }),
  )

  it.each([
    ['<svg width="30px" height="20.5">', 30, 20.5],
    ["\ufeff<?xml version='1.0'?>\n<!-- a > b -->\n<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 -1 7 9'/>", 7, 9],
    ["<svg width='100%' height='50%' viewBox='0,0,4,2'>", 4, 2],
    ["<svg>", null, null],
  ])("reads %s", (text, width, height) =>
    expect(imageHead(new TextEncoder().encode(text))).toEqual({ format: "svg+xml", width, height }),
  )

  it.each(["", "GIF8", "BM", "hello <svg>", "<html><svg width='1' height='1'>", "{}"])("finds none in %j", (text) =>
    expect(imageHead(new TextEncoder().encode(text))).toBeNull(),
  )

  it("is read of bytes within others, and after markers that are filled up", () => {
    const bytes = Buffer.from(pictures["JPEG in one scan"]!, "base64")
    const filled = Buffer.concat([Buffer.from("xx"), bytes.subarray(0, 2), Buffer.from([0xff, 0xff]), bytes.subarray(2)])
    expect(imageHead(filled.subarray(2))).toEqual({ format: "JPEG", width: 3, height: 2 })
  })

  it("is read of any bytes without a throw", () =>
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(pictures)), fc.nat(200), fc.uint8Array(), (base64, cut, rest) => {
        const head = imageHead(Buffer.concat([Buffer.from(base64, "base64").subarray(0, cut), rest]))
        expect(head === null || head.format.length > 0).toBe(true)
      }),
    ))
})

describe("a histogram", () => {
  it("counts as numpy does", () => {
    // numpy.histogram([1, 2, 1, 4, 5, 3.5, 5], bins=4)
    expect(histogram([1, 2, 1, 4, 5, 3.5, 5], 4)).toEqual({ counts: Float64Array.of(2, 1, 1, 3), range: [1, 5] })
    expect(histogram(Float32Array.of(3, 3, 3), 3)).toEqual({ counts: Float64Array.of(0, 3, 0), range: [2.5, 3.5] })
    expect(histogram([0], 1)).toEqual({ counts: Float64Array.of(1), range: [-0.5, 0.5] })
  })

  it("leaves out what is not finite", () => {
    expect(histogram([Number.NaN, 1, Infinity, 3, -Infinity], 2)).toEqual({ counts: Float64Array.of(1, 1), range: [1, 3] })
    expect(histogram([Number.NaN])).toBeNull()
    expect(histogram([])).toBeNull()
  })

  it("counts every finite value once, whatever it is", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        fc.integer(),
        (values, bins) => {
          const made = histogram(values, bins)!
          expect(made.counts.length).toBe(Math.max(1, Math.min(512, bins || 1)))
          expect(Array.from(made.counts).reduce((sum, count) => sum + count)).toBe(values.length)
          expect(made.range[0]).toBeLessThanOrEqual(Math.min(...values))
          expect(made.range[1]).toBeGreaterThanOrEqual(Math.max(...values))
        },
      ),
    ))
})

describe("pixels as a PNG", () => {
  it.each([1, 3, 4])("keep their %d channels", async (channels) => {
    const data = Uint8Array.from({ length: 5 * 3 * channels }, (_, i) => (i * 37) % 256)
    const png = Buffer.from(await pngOf({ width: 5, height: 3, data }))
    expect(imageHead(png)).toEqual({ format: "PNG", width: 5, height: 3 })
    expect([...png.subarray(24, 29)]).toEqual([8, { 1: 0, 3: 2, 4: 6 }[channels], 0, 0, 0])
    const packed = png.subarray(33 + 8, 33 + 8 + png.readUInt32BE(33))
    const rows = inflateSync(packed)
    expect(rows.length).toBe(3 * (5 * channels + 1))
    for (let y = 0; y < 3; y++) {
      const row = rows.subarray(y * (5 * channels + 1), (y + 1) * (5 * channels + 1))
      expect(row[0]).toBe(0)
      expect([...row.subarray(1)]).toEqual([...data.subarray(y * 5 * channels, (y + 1) * 5 * channels)])
    }
    // The CRC-32 of an empty IEND, which every PNG ends with.
    expect(png.subarray(-12).toString("hex")).toBe("0000000049454e44ae426082")
  })

  it("are refused where they are not as many as the size says", () =>
    expect(pngOf({ width: 2, height: 2, data: new Uint8Array(15) })).rejects.toThrow("15 bytes are not 2 × 2 pixels"))
})

describe("samples as a WAV file", () => {
  it("stand in it channel by channel, cut at ±1", () => {
    const wav = Buffer.from(wavOf([Float32Array.of(0, 1, 2), Float32Array.of(-1, -0.5, -3)], 8_000))
    expect(wav.toString("latin1", 0, 16)).toBe(`RIFF${String.fromCharCode(48, 0, 0, 0)}WAVEfmt `)
    expect(wav.readUInt16LE(22)).toBe(2)
    expect(wav.readUInt32LE(24)).toBe(8_000)
    expect(wav.readUInt32LE(28)).toBe(32_000)
    const samples = Array.from({ length: 6 }, (_, i) => wav.readInt16LE(44 + i * 2))
    expect(samples).toEqual([0, -32_767, 32_767, -16_383, 32_767, -32_767])
    expect(wav.length).toBe(56)
  })

  it("need channels of one length", () => {
    expect(() => wavOf([new Float32Array(2), new Float32Array(3)], 8_000)).toThrow("differ in length")
    expect(() => wavOf([], 8_000)).toThrow("empty")
  })
})

describe("the path of an object's bytes", () => {
  it("is one that the server keeps, and no other object's, whatever the name is", () => {
    const paths = new Set<string>()
    const aName = fc.oneof(
      fc.string({ unit: "binary", maxLength: 128 }),
      fc.constantFrom("", ".", "..", "/", "a/../b", "\ud800", "\u0000", "\u0085"),
    )
    fc.assert(
      fc.property(aName, fc.option(fc.integer(), { nil: undefined }), (name, step) => {
        const path = blobPath(name, step, "png")
        expect(blobPathProblem(path, defaultIngestLimits)).toBeNull()
        expect(path.split("/")).toHaveLength(3)
        expect(paths.has(path)).toBe(false)
        paths.add(path)
      }),
    )
  })
})

describe("the type of a file", () => {
  it.each([
    ["models/best.JSON", "application/json"],
    ["a.tar.gz", "application/gzip"],
    ["plot.svg", "image/svg+xml"],
    ["weights.safetensors", "application/octet-stream"],
    ["folder.txt/file", "application/octet-stream"],
    ["x.constructor", "application/octet-stream"],
  ])("of %s is %s", (path, type) => expect(contentTypeOf(path)).toBe(type))
})
