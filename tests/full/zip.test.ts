import { execFile } from "node:child_process"
import { createWriteStream } from "node:fs"
import { mkdtemp, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { type ZipEntry, zipStream } from "../../gateways/query/zip.ts"

const run = promisify(execFile)
let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "matyan-zip-"))
})
afterAll(() => rm(folder, { recursive: true }))

it("an archive unpacks with Python's zipfile, contents, modes and names intact", async () => {
  const modified = new Date("2026-01-01T12:00:00Z")
  const chunk = Buffer.alloc(1 << 20, "weights ")
  async function* chunks(count: number): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < count; i += 1) yield chunk
  }
  async function* entries(): AsyncGenerator<ZipEntry> {
    yield { name: "models/большая модель.bin", modified, size: 100 * chunk.length, body: chunks(100) }
    yield { name: "../empty", modified, body: chunks(0) }
  }
  const file = join(folder, "all.zip")
  await pipeline(zipStream(entries()), createWriteStream(file))
  const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    for i in z.infolist():
        assert i.compress_type == 0 and i.external_attr >> 16 == 0o100600, i
    z.extractall(sys.argv[2])`
  await run("python3", ["-c", script, file, folder])
  expect((await readFile(join(folder, "models/большая модель.bin"))).subarray(0, chunk.length).equals(chunk)).toBe(true)
  expect((await stat(join(folder, "models/большая модель.bin"))).size).toBe(100 * chunk.length)
  expect((await stat(join(folder, "empty"))).size).toBe(0)
})
