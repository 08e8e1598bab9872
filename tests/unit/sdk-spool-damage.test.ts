/** Files of spools that are not as they were written: torn, flipped, full, or of a process that is no more. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { type Spool, SpoolFull } from "../../sdk/platform.ts"
import { fileLeftovers, openFileSpool } from "../../sdk/node/spool.ts"
import { freshFolder } from "../support/folders.ts"

const writer = "ab".repeat(15) + "c0"
const mostBytes = 2 ** 30

const opened = (place: string): Promise<Spool> => openFileSpool({ place, mostBytes }, writer, "run", "http://gateway.test")
const taken = async (place: string): Promise<Spool> => {
  const [spool] = await fileLeftovers({ place, mostBytes })
  if (spool === undefined) throw new Error("nothing is left")
  return spool
}

/** A spool of frames of 1 kB, which is closed again; its segments, in order. */
const written = async (place: string, count: number, size = 1_000): Promise<readonly string[]> => {
  const spool = await opened(place)
  for (let seq = 0; seq < count; seq++) spool.append({ seq, bytes: new Uint8Array(size).fill(seq) })
  await spool.close()
  const folder = join(place, writer)
  const names = readdirSync(folder).filter((name) => name.endsWith(".frames"))
  return names.toSorted((a, b) => parseInt(a) - parseInt(b)).map((name) => join(folder, name))
}

const readAll = async (spool: Spool): Promise<readonly number[]> => {
  const frames = await spool.read(0, Number.MAX_SAFE_INTEGER)
  for (const { seq, bytes } of frames) expect(bytes.every((byte) => byte === seq % 256)).toBe(true)
  return frames.map(({ seq }) => seq)
}

const warnings = (): readonly (readonly unknown[])[] => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return warn.mock.calls
}

const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file)
  bytes[at]! ^= 0x10
  writeFileSync(file, bytes)
}

const numbers = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i)
const recordBytes = 16 + 1_000

describe("a spool's files", () => {
  it.each([1, 15, 16, 17, recordBytes - 1])(
    "end with the last whole frame where the end is torn: %i bytes of one",
    async (left) => {
      const place = freshFolder()
      const told = warnings()
      const [file] = await written(place, 5)
      truncateSync(file!, 4 * recordBytes + left)
      const spool = await taken(place)
      expect(spool.nextSeq).toBe(4)
      expect(await readAll(spool)).toEqual(numbers(0, 4))
      expect(told).toEqual([])
      await spool.close()
    },
  )

  it("are read on behind a frame in which a bit is wrong, which is told once, with a copy of the file", async () => {
    const place = freshFolder()
    const told = warnings()
    const [file] = await written(place, 10)
    flip(file!, 4 * recordBytes + 500)
    const spool = await taken(place)
    const left = [...numbers(0, 4), ...numbers(5, 10)]
    expect(await readAll(spool)).toEqual(left)
    expect(await readAll(spool)).toEqual(left)
    expect(spool.nextSeq).toBe(10)
    expect(told.map(([text]) => text)).toEqual([expect.stringContaining("the spool is damaged")])
    expect(readdirSync(place)).toContain(`${writer}.0.damaged`)
    await spool.close()
  })

  it("are read on from the next file where the length of a frame is wrong", async () => {
    const place = freshFolder()
    const told = warnings()
    const files = await written(place, 20, 2 ** 20)
    expect(files.length).toBe(3)
    const firsts = files.map((file) => parseInt(file.split("/").at(-1)!))
    flip(files[0]!, 3)
    const spool = await taken(place)
    expect(await readAll(spool)).toEqual(numbers(firsts[1]!, 20))
    expect(told.length).toBe(1)
    await spool.close()
  })

  it("may hold anything at their end", async () => {
    const place = freshFolder()
    warnings()
    const [file] = await written(place, 3)
    appendFileSync(file!, Buffer.alloc(5_000, 0xff))
    const spool = await taken(place)
    expect(await readAll(spool)).toEqual([0, 1, 2])
    await spool.close()
  })

  it("are given up one by one as their frames are released", async () => {
    const place = freshFolder()
    const files = await written(place, 20, 2 ** 20)
    const spool = await taken(place)
    const names = (): readonly string[] => readdirSync(join(place, writer)).filter((name) => name.endsWith(".frames"))
    spool.release(parseInt(files[1]!.split("/").at(-1)!) - 1)
    expect(names().length).toBe(2)
    spool.release(19)
    expect(names()).toEqual(["20.frames"])
    await spool.close()
    expect(readdirSync(place)).toEqual([])
  })

  it("cannot be begun where no folder can be made", async () => {
    const place = join(freshFolder(), "file")
    writeFileSync(place, "")
    const spool = await opened(place)
    expect(() => spool.append({ seq: 0, bytes: new Uint8Array(1) })).toThrow(SpoolFull)
    expect(spool.nextSeq).toBe(0)
    await spool.close()
  })
})

describe("who holds a spool", () => {
  const heldBy = async (owner: string): Promise<boolean> => {
    const place = freshFolder()
    await written(place, 1)
    writeFileSync(join(place, writer, "owner.json"), owner)
    const spools = await fileLeftovers({ place, mostBytes })
    for (const spool of spools) await spool.close()
    return spools.length === 0
  }
  const owner = (pid: number, started: string | null, host = hostname()): string => JSON.stringify({ pid, host, started })

  it("is a process that lives, not one that is gone, or whose number another has", async () => {
    const child = spawn(process.execPath, ["-e", ""])
    await once(child, "exit")
    expect(await heldBy(owner(child.pid!, null))).toBe(false)
    expect(await heldBy(owner(process.pid, null))).toBe(true)
    expect(await heldBy(owner(process.pid, "1"))).toBe(process.platform !== "linux")
    expect(await heldBy(owner(process.pid, null, "elsewhere"))).toBe(true)
    expect(await heldBy("")).toBe(false)
  })
})
