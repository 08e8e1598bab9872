/** What every spool keeps to, wherever it keeps what it is given. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Duty, type Spool, SpoolFull, type SpoolSettings, type StoredFrame } from "../../sdk/platform.ts"

export interface SpoolsUnderTest {
  /** A place without spools. */
  readonly place: () => string
  readonly open: (settings: SpoolSettings, writer: string, runId: string, url: string) => Promise<Spool>
  /** Takes hold of what is left; null where nothing outlives the process. */
  readonly leftovers:
    | ((settings: SpoolSettings, filter?: { readonly url?: string; readonly runId?: string }) => Promise<readonly Spool[]>)
    | null
}

const most = 2 ** 20
const url = "http://gateway.test"
const writerOf = (index: number): string => index.toString(16).padStart(31, "0") + "0"

/** A frame whose bytes tell its number. */
const frame = (seq: number, size = 100): StoredFrame => ({ seq, bytes: new Uint8Array(size).fill(seq + 1) })
const dutyOf = (number: number): Duty => ({
  number,
  message: JSON.stringify({ type: "blob_ref", number }),
  blobPath: `weights/${number}`,
  contentType: "text/plain",
  file: null,
})
/** What is read, whatever kind of bytes it is. */
const read = async (spool: Spool, from: number, mostBytes: number): Promise<readonly StoredFrame[]> =>
  (await spool.read(from, mostBytes)).map(({ seq, bytes }) => ({ seq, bytes: new Uint8Array(bytes) }))
const seqsOf = (frames: readonly StoredFrame[]): readonly number[] => frames.map(({ seq }) => seq)
const contentOf = async (spool: Spool, duty: Duty): Promise<string> => (await spool.blobOf(duty)).text()
const all = Number.MAX_SAFE_INTEGER

type Open = (place?: string, index?: number, runId?: string, mostBytes?: number) => Promise<Spool>

export const spoolSuite = (name: string, { place, open, leftovers }: SpoolsUnderTest): void => {
  const fresh: Open = (at = place(), index = 1, runId = "run", mostBytes = most) =>
    open({ place: at, mostBytes }, writerOf(index), runId, url)

  describe(`a spool: ${name}`, () => {
    framesSuite(fresh)
    dutiesSuite(fresh)
    if (leftovers !== null) leftoversSuite(fresh, place, leftovers)
  })
}

const framesSuite = (fresh: Open): void => {
  it("answers frames in order from any number, about as many as asked for and one at least", async () => {
    const spool = await fresh()
    for (let seq = 0; seq < 10; seq++) spool.append(frame(seq))
    expect(await read(spool, 0, all)).toEqual(Array.from({ length: 10 }, (_, seq) => frame(seq)))
    expect(seqsOf(await read(spool, 7, all))).toEqual([7, 8, 9])
    expect((await read(spool, 2, 300)).slice(0, 3)).toEqual([frame(2), frame(3), frame(4)])
    expect((await read(spool, 2, 300)).length).toBeLessThan(6)
    expect(seqsOf(await read(spool, 4, 1))).toEqual([4])
    expect(await read(spool, 10, all)).toEqual([])
    await spool.settled()
    expect(seqsOf(await read(spool, 7, all))).toEqual([7, 8, 9])
    await spool.close()
  })

  it("gives up what is released, and goes on counting", async () => {
    const spool = await fresh()
    expect([spool.nextSeq, spool.bytes]).toEqual([0, 0])
    for (let seq = 0; seq < 4; seq++) spool.append(frame(seq))
    expect(spool.nextSeq).toBe(4)
    expect(spool.bytes).toBeGreaterThanOrEqual(400)
    spool.release(2)
    expect(seqsOf(await read(spool, 3, all))).toEqual([3])
    spool.release(3)
    expect([spool.nextSeq, spool.bytes]).toEqual([4, 0])
    expect(await read(spool, 4, all)).toEqual([])
    spool.append(frame(4))
    expect(seqsOf(await read(spool, 4, all))).toEqual([4])
    await spool.close()
  })

  it("takes no more than it may, and more once something is released", async () => {
    const spool = await fresh(undefined, 1, "run", 1_000)
    let seq = 0
    const fill = (): void => {
      for (; seq < 100; seq++) spool.append(frame(seq))
    }
    expect(fill).toThrow(SpoolFull)
    expect(seq).toBeGreaterThan(5)
    expect(spool.nextSeq).toBe(seq)
    expect(spool.bytes).toBeLessThanOrEqual(1_000)
    expect((await read(spool, 0, all)).length).toBe(seq)
    spool.release(seq - 1)
    spool.append(frame(seq))
    expect(seqsOf(await read(spool, seq, all))).toEqual([seq])
    await spool.close()
  })

  it("is as a list of frames would be, whatever is done to it", async () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant("append" as const), size: fc.integer({ min: 0, max: 5_000 }) }),
      fc.record({ do: fc.constant("release" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ do: fc.constant("read" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    )
    let index = 100
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const spool = await fresh(undefined, index++)
        let model: readonly StoredFrame[] = []
        let next = 0
        const among = (share: number): number => Math.floor(next - model.length + share * model.length)
        for (const each of actions)
          if (each.do === "append") {
            const added = frame(next++, each.size)
            spool.append(added)
            model = model.concat(added)
          } else if (each.do === "release" && model.length > 0) {
            const seq = among(each.share)
            spool.release(seq)
            model = model.filter((kept) => kept.seq > seq)
          } else if (each.do === "read") {
            const from = among(each.share)
            expect(await read(spool, from, all)).toEqual(model.filter(({ seq }) => seq >= from))
          }
        expect(spool.nextSeq).toBe(next)
        await spool.close()
      }),
      { numRuns: 30 },
    )
  })
}

const dutiesSuite = (fresh: Open): void => {
  it("keeps duties in order, with their bytes, until they are done", async () => {
    const spool = await fresh()
    for (let number = 0; number < 12; number++)
      spool.addDuty(dutyOf(number), number === 3 ? null : new TextEncoder().encode(`bytes of ${number}`))
    expect(await spool.duties()).toEqual(Array.from({ length: 12 }, (_, number) => dutyOf(number)))
    expect(await contentOf(spool, dutyOf(11))).toBe("bytes of 11")
    expect(spool.nextDuty).toBe(12)
    for (let number = 0; number < 11; number++) spool.dutyDone(number)
    expect(await spool.duties()).toEqual([dutyOf(11)])
    expect(spool.bytes).toBe("bytes of 11".length)
    spool.dutyDone(11)
    expect([await spool.duties(), spool.bytes]).toEqual([[], 0])
    await spool.close()
  })

  it("takes no duty that there is no room for", async () => {
    const spool = await fresh(undefined, 1, "run", 1_000)
    spool.addDuty(dutyOf(0), new Uint8Array(900))
    expect(() => spool.addDuty(dutyOf(1), new Uint8Array(900))).toThrow(SpoolFull)
    expect(await spool.duties()).toEqual([dutyOf(0)])
    expect(spool.nextDuty).toBe(1)
    spool.dutyDone(0)
    spool.addDuty(dutyOf(1), new Uint8Array(900))
    expect(await spool.duties()).toEqual([dutyOf(1)])
    await spool.close()
  })
}

const leftoversSuite = (
  fresh: Open,
  place: SpoolsUnderTest["place"],
  leftovers: NonNullable<SpoolsUnderTest["leftovers"]>,
): void => {
  const settingsAt = (at: string): SpoolSettings => ({ place: at, mostBytes: most })
  const closeAll = (spools: readonly Spool[]): Promise<unknown> => Promise.all(spools.map((spool) => spool.close()))

  it("is found by whoever comes later, with all that was not released, unless there is nothing", async () => {
    const at = place()
    const [kept, released, untouched] = [await fresh(at, 1), await fresh(at, 2), await fresh(at, 3)]
    for (let seq = 0; seq < 3; seq++) kept.append(frame(seq))
    kept.release(0)
    kept.addDuty(dutyOf(0), new TextEncoder().encode("weights"))
    released.append(frame(0))
    released.release(0)
    await closeAll([kept, released, untouched])

    const [found, ...more] = await leftovers(settingsAt(at))
    expect(more).toEqual([])
    expect(found).toMatchObject({ writer: writerOf(1), runId: "run", url, nextSeq: 3, nextDuty: 1 })
    expect((await read(found!, 0, all)).filter(({ seq }) => seq > 0)).toEqual([frame(1), frame(2)])
    expect(await found!.duties()).toEqual([dutyOf(0)])
    expect(await contentOf(found!, dutyOf(0))).toBe("weights")
    found!.release(2)
    found!.dutyDone(0)
    expect(found!.bytes).toBe(0)
    await found!.close()
    expect(await leftovers(settingsAt(at))).toEqual([])
  })

  it("counts on when it is opened again, even where only duties were left", async () => {
    const at = place()
    const spool = await fresh(at)
    for (let seq = 0; seq < 20; seq++) spool.append(frame(seq, 50_000))
    spool.release(19)
    spool.addDuty(dutyOf(0), new Uint8Array(1))
    await spool.close()
    const [again] = await leftovers(settingsAt(at))
    expect(again!.nextSeq).toBe(20)
    again!.append(frame(20))
    expect(seqsOf(await read(again!, 20, all))).toEqual([20])
    await again!.close()
  })

  it("is given to one alone: neither while it is held, nor to two who take it", async () => {
    const at = place()
    const spool = await fresh(at)
    spool.append(frame(0))
    await spool.settled()
    expect(await leftovers(settingsAt(at))).toEqual([])
    await spool.close()
    const taken = (await Promise.all([1, 2, 3].map(() => leftovers(settingsAt(at))))).flat()
    expect(taken.length).toBe(1)
    expect(await leftovers(settingsAt(at))).toEqual([])
    await closeAll(taken)
    const again = await leftovers(settingsAt(at))
    expect(again.length).toBe(1)
    expect(await read(again[0]!, 0, all)).toEqual([frame(0)])
    await closeAll(again)
  })

  it("is found by its run and its gateway", async () => {
    const at = place()
    for (const [index, run] of ["a", "b", "b"].entries()) {
      const spool = await fresh(at, index, run)
      spool.append(frame(0))
      await spool.close()
    }
    const found = async (filter: { readonly url?: string; readonly runId?: string }): Promise<readonly string[]> => {
      const spools = await leftovers(settingsAt(at), filter)
      await closeAll(spools)
      return spools.map(({ runId }) => runId)
    }
    expect(await found({ runId: "b" })).toEqual(["b", "b"])
    expect((await found({ url })).toSorted()).toEqual(["a", "b", "b"])
    expect(await found({ url: "http://another.test" })).toEqual([])
  })

  it("counts what others hold at the place against what it may take", async () => {
    const at = place()
    const other = await fresh(at, 1)
    for (let seq = 0; seq < 8; seq++) other.append(frame(seq))
    other.addDuty(dutyOf(0), new Uint8Array(150))
    await other.close()
    const spool = await fresh(at, 2, "run", 1_100)
    expect(() => {
      spool.append(frame(0, 200))
    }).toThrow(SpoolFull)
    await spool.close()
  })
}
