/** Spools of processes that are killed while they write, and on disks without room. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { describe, expect, it, onTestFinished } from "vitest"
import { SpoolFull } from "../../sdk/platform.ts"
import { fileLeftovers, openFileSpool } from "../../sdk/node/spool.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { smallFolder } from "../support/small-folder.ts"

const script = new URL("../support/sdk-spool-process.ts", import.meta.url).pathname
const mostBytes = 2 ** 32

/** Kills a process that appends as fast as it can after it has told of so many frames; answers the last that it told of. */
const killedAfter = async (place: string, frames: number): Promise<number> => {
  const child = spawn(process.execPath, [script, place], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const gone = once(child, "close")
  let last = -1
  for await (const line of createInterface(child.stdout)) {
    last = Number(line)
    if (last >= frames) child.kill("SIGKILL")
  }
  await gone
  return last
}

describe("a spool of a process that is killed", () => {
  it("has every frame whose append had returned, whole and in order", async () => {
    const random = seeded(20)
    for (let round = 0; round < 15; round++) {
      const place = freshFolder()
      const told = await killedAfter(place, Math.floor(random() * 3_000))
      const [spool] = await fileLeftovers({ place, mostBytes })
      expect(spool!.nextSeq).toBeGreaterThan(told)
      let next = 0
      while (next < spool!.nextSeq)
        for (const { seq, bytes } of await spool!.read(next, 2 ** 20)) {
          expect(seq).toBe(next++)
          expect(bytes.every((byte) => byte === seq % 256)).toBe(true)
        }
      expect(await spool!.duties()).toHaveLength(spool!.nextDuty)
      spool!.release(next)
      for (const { number } of await spool!.duties()) spool!.dutyDone(number)
      await spool!.close()
      expect(await fileLeftovers({ place, mostBytes })).toEqual([])
    }
  })

  it("is taken by one alone of many that look at once", async () => {
    const place = freshFolder()
    await killedAfter(place, 10)
    const lookers = Array.from({ length: 6 }, () =>
      spawn(process.execPath, [script, place, "take"], { stdio: ["pipe", "pipe", "inherit"] }),
    )
    onTestFinished(() => lookers.forEach((child) => void child.kill("SIGKILL")))
    const found = await Promise.all(lookers.map(async (child) => Number(String((await once(child.stdout, "data"))[0]))))
    expect(found.toSorted()).toEqual([0, 0, 0, 0, 0, 1])
  })
})

describe("a spool on a disk without room", () => {
  it("refuses frames and duties whole, keeps what it has, and goes on when there is room", async () => {
    const folder = freshFolder()
    const small = smallFolder(join(folder, "small"), 8)
    const place = join(small.path, "spools")
    const spool = await openFileSpool({ place, mostBytes }, "ab".repeat(16), "run", "http://gateway.test")
    const append = (size: number): void => spool.append({ seq: spool.nextSeq, bytes: new Uint8Array(size).fill(spool.nextSeq) })
    for (let i = 0; i < 5; i++) append(10_000)
    small.fill()
    // The file's last page may have room left.
    const fill = (): void => {
      for (let i = 0; i < 100; i++) append(10_000)
    }
    expect(fill).toThrow(SpoolFull)
    expect(fill).toThrow(/ENOSPC|only a part/)
    const duty = { number: 0, message: "{}", blobPath: "a", contentType: "text/plain", file: null }
    expect(() => spool.addDuty(duty, new Uint8Array(100_000))).toThrow(SpoolFull)
    expect([spool.nextDuty, await spool.duties()]).toEqual([0, []])
    small.empty()
    append(10_000)
    spool.addDuty(duty, new Uint8Array(100_000))
    await spool.close()

    const [again] = await fileLeftovers({ place, mostBytes })
    const frames = await again!.read(0, Number.MAX_SAFE_INTEGER)
    expect(frames.map(({ seq }) => seq)).toEqual(Array.from({ length: again!.nextSeq }, (_, seq) => seq))
    expect(frames.every(({ seq, bytes }) => bytes.length === 10_000 && bytes.every((byte) => byte === seq))).toBe(true)
    expect((await again!.blobOf(duty)).size).toBe(100_000)
    await again!.close()
  })

  it("refuses where nothing may be written, and says why", async () => {
    const small = smallFolder(join(freshFolder(), "small"), 8)
    const spool = await openFileSpool({ place: small.path, mostBytes }, "ab".repeat(16), "run", "http://gateway.test")
    small.setReadOnly(true)
    expect(() => spool.append({ seq: 0, bytes: new Uint8Array(10) })).toThrow(/EROFS/)
    small.setReadOnly(false)
    spool.append({ seq: 0, bytes: new Uint8Array(10) })
    expect(await spool.read(0, 100)).toHaveLength(1)
    await spool.close()
  })
})
