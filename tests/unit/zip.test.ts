import { describe, expect, it } from "vitest"
import { crc32 } from "node:zlib"
import { safeEntryName, type ZipEntry, zipStream } from "../../gateways/query/zip.ts"

const modified = new Date("2026-01-01T12:00:00Z")

async function* each<A>(...items: readonly A[]): AsyncGenerator<A> {
  for (const item of items) yield item
}

const entry = (name: string, ...chunks: readonly string[]): ZipEntry => dated(modified, name, ...chunks)

const dated = (modified: Date, name: string, ...chunks: readonly string[]): ZipEntry => ({
  name,
  modified,
  body: each(...chunks.map((chunk) => Buffer.from(chunk))),
})

const archiveOf = async (...entries: readonly ZipEntry[]): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of zipStream(each(...entries))) chunks.push(chunk)
  return Buffer.concat(chunks)
}

interface Listed {
  readonly name: string
  readonly method: number
  readonly mode: number
  readonly needs: number
  readonly crc: number
  readonly content: string
}

/** Reads the central directory, with the sizes and offsets of its ZIP64 fields, and what they point at. */
const list = (archive: Buffer): readonly Listed[] => {
  const end = archive.lastIndexOf(Buffer.from("504b0506", "hex"))
  let at = archive.readUInt32LE(end + 16)
  return Array.from({ length: archive.readUInt16LE(end + 10) }, () => {
    expect(archive.readUInt32LE(at)).toBe(0x02014b50)
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field))
    const nameEnd = at + 46 + Number(nameSize)
    const extra = archive.subarray(nameEnd, nameEnd + Number(extraSize))
    const wide = extra.subarray(extra.indexOf(Buffer.from("01001800", "hex")) + 4)
    const [size, offset] = [Number(wide.readBigUInt64LE(8)), Number(wide.readBigUInt64LE(16))]
    const begin = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28)
    const listed = {
      name: archive.toString("utf8", at + 46, nameEnd),
      method: archive.readUInt16LE(at + 10),
      mode: archive.readUInt32LE(at + 38) >>> 16,
      needs: archive.readUInt16LE(at + 6),
      crc: archive.readUInt32LE(at + 16),
      content: archive.toString("utf8", begin, begin + size),
    }
    at = nameEnd + Number(extraSize) + Number(commentSize)
    return listed
  })
}

describe("an archive of artifacts", () => {
  it("holds every entry stored, in ZIP64 form, for its owner alone", async () => {
    const archive = await archiveOf(entry("models/m.bin", "wei", "", "ghts"), entry("файл.txt", "x"), entry("empty"))
    const common = { method: 0, mode: 0o100600, needs: 45 }
    expect(list(archive)).toEqual([
      { ...common, name: "models/m.bin", content: "weights", crc: crc32("weights") },
      { ...common, name: "файл.txt", content: "x", crc: crc32("x") },
      { ...common, name: "empty", content: "", crc: 0 },
    ])
  })

  it("of nothing is an empty archive", async () => {
    expect(list(await archiveOf())).toEqual([])
  })

  it("leads nowhere but into its own folder, and holds no name twice", async () => {
    const names = ["../../etc/passwd", "/etc/passwd", "C:\\a\\..\\b", "a//./b", "..", "a\u0000\nb", "\ud800", ".x", ".x", "v:1"]
    const safe = ["etc/passwd", "etc/passwd (2)", "C_/a/b", "a/b", "unnamed", "a__b", "\ufffd", ".x", ".x (2)", "v_1"]
    const listed = list(await archiveOf(...names.map((name) => entry(name, "x"))))
    expect(listed.map(({ name }) => name)).toEqual(safe)
    expect(safeEntryName("model:v1/x.bin")).toBe("model:v1/x.bin")
    expect(list(await archiveOf(entry("a/m.bin"), entry("a/m.bin"))).at(1)?.name).toBe("a/m (2).bin")
  })

  it("takes dates its fields cannot hold", async () => {
    const dates = [new Date(0), new Date("2500-01-01T00:00:00Z"), new Date(-1e15)]
    expect(list(await archiveOf(...dates.map((date, i) => dated(date, `${i}`, "x")))).length).toBe(3)
  })

  it("is cut with the error of a body that fails, or is not of the size it was to be", async () => {
    // oxlint-disable-next-line require-yield -- it fails before it has anything
    async function* failing(): AsyncGenerator<Uint8Array> {
      throw new Error("gone")
    }
    await expect(archiveOf(entry("a", "x"), { name: "b", modified, body: failing() })).rejects.toThrow("gone")
    await expect(archiveOf({ ...entry("a", "xyz"), size: 2 })).rejects.toThrow()
    expect(list(await archiveOf({ ...entry("a", "xyz"), size: 3 })).length).toBe(1)
  })

  it("reads no further ahead than it is read, and lets go of its source when it is abandoned", async () => {
    const chunk = Buffer.alloc(65_536, 7)
    let taken = 0
    const closed = Promise.withResolvers<string>()
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          taken += 1
          yield chunk
        }
      } finally {
        closed.resolve("body")
      }
    }
    const listing = Promise.withResolvers<string>()
    async function* entries(): AsyncGenerator<ZipEntry> {
      try {
        yield { name: "endless", modified, body: endless() }
        yield entry("never")
      } finally {
        listing.resolve("entries")
      }
    }
    let read = 0
    for await (const part of zipStream(entries())) {
      read += (part as Buffer).length
      if (read > 1_000_000) break
    }
    expect(await Promise.all([closed.promise, listing.promise])).toEqual(["body", "entries"])
    expect(taken).toBeLessThan(read / chunk.length + 20)
  })
})
