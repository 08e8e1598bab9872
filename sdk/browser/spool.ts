/** Spools in IndexedDB. What is kept is there moments later, and in memory until then. */
import { type Spool, SpoolFull, type SpoolSettings, type StoredFrame } from "../platform.ts"
import { answerOf, type DutyRow, type FrameRow, type Kept, keptIn, numbersFrom, openDatabase, type SpoolRow } from "./database.ts"
import { type LetGo, takeHold } from "./hold.ts"
import { writesTo } from "./writes.ts"

/** Bytes that may wait for the database. A page that logs more before it lets the browser work, or whose disk is full, loses the rest. */
const mostWaiting = 32 * 2 ** 20

/** A new spool. Rejects with `SpoolFull` where the browser keeps nothing, as some private windows do. */
export const openBrowserSpool = async (settings: SpoolSettings, writer: string, runId: string, url: string): Promise<Spool> => {
  try {
    const database = await openDatabase(settings.place)
    const others = sumOf([...(await keptIn(database, "frames")), ...(await keptIn(database, "duties"))])
    const row = { writer, runId, url, created: Date.now(), beat: 0 }
    const letGo = await takeHold(database, row)
    return spoolOf({ database, row, letGo, room: settings.mostBytes - others }, { frames: [], duties: [], nextSeq: 0 })
  } catch (error) {
    throw new SpoolFull(`${settings.place}: ${String(error)}`)
  }
}

/** Spools whose pages are no more, the oldest first. */
export const browserLeftovers = async (
  { place, mostBytes }: SpoolSettings,
  filter: { readonly url?: string; readonly runId?: string } = {},
): Promise<readonly Spool[]> => {
  const first = await openDatabase(place)
  const rows = (await answerOf(first.transaction("spools").objectStore("spools").getAll())) as readonly SpoolRow[]
  first.close()
  const spools: Spool[] = []
  for (const row of rows.toSorted((a, b) => a.created - b.created)) {
    if ((filter.url ?? row.url) !== row.url || (filter.runId ?? row.runId) !== row.runId) continue
    // Each has a connection of its own, which ends with it.
    const database = await openDatabase(place)
    const letGo = await takeHold(database, row)
    if (letGo === null) database.close()
    else spools.push(spoolOf({ database, row, letGo, room: mostBytes }, await contentOf(database, row)))
  }
  return spools
}

interface Content {
  readonly frames: readonly Kept[]
  readonly duties: readonly Kept[]
  readonly nextSeq: number
}

const contentOf = async (database: IDBDatabase, { writer, nextSeq = 0 }: SpoolRow): Promise<Content> => {
  const frames = await keptIn(database, "frames", writer)
  return {
    frames,
    duties: await keptIn(database, "duties", writer),
    nextSeq: Math.max(nextSeq, (frames.at(-1)?.number ?? -1) + 1),
  }
}

const sumOf = (kept: readonly Kept[]): number => kept.reduce((sum, { size }) => sum + size, 0)

/** The frames of a database from a number on, in order, up to about so many bytes. */
const framesFrom = (database: IDBDatabase, writer: string, from: number, mostBytes: number): Promise<readonly FrameRow[]> =>
  new Promise((resolve, reject) => {
    const found: FrameRow[] = []
    let bytes = 0
    const request = database.transaction("frames").objectStore("frames").openCursor(numbersFrom(writer, from))
    request.addEventListener("error", () => reject(request.error ?? new Error("IndexedDB failed")))
    request.addEventListener("success", () => {
      const cursor = request.result
      if (cursor === null || (bytes >= mostBytes && found.length > 0)) return resolve(found)
      const row = cursor.value as FrameRow
      found.push(row)
      bytes += row.size
      cursor.continue()
    })
  })

/** Frames of two kinds, each in order, as one, up to about so many bytes. */
const merged = (kept: readonly FrameRow[], inMemory: readonly FrameRow[], mostBytes: number): readonly StoredFrame[] => {
  const bySeq = new Map([...inMemory, ...kept].map(({ seq, bytes }) => [seq, { seq, bytes }]))
  let bytes = 0
  const sorted = [...bySeq.values()].toSorted((a, b) => a.seq - b.seq)
  return sorted.filter((frame, i) => (bytes += frame.bytes.length) <= mostBytes || i === 0)
}

interface Held {
  readonly database: IDBDatabase
  readonly row: SpoolRow
  readonly letGo: LetGo | null
  /** Most bytes that it may hold. */
  readonly room: number
}

const spoolOf = ({ database, row, letGo, room }: Held, content: Content): Spool => {
  const { writer, runId, url } = row
  const writes = writesTo(database)
  /** Sizes by numbers. */
  const frames = new Map(content.frames.map(({ number, size }) => [number, size]))
  const duties = new Map(content.duties.map(({ number, size }) => [number, size]))
  let bytes = sumOf(content.frames) + sumOf(content.duties)
  let { nextSeq } = content
  let nextDuty = (content.duties.at(-1)?.number ?? -1) + 1
  /** Frames that are not in the database yet, and the bytes of all that is not. */
  const inMemory = new Map<number, FrameRow>()
  let waiting = 0
  /** Whether the database knows of it. */
  let isBegun = row.nextSeq !== undefined

  const begin = (): void => {
    writes.add(
      (transaction) => void transaction.objectStore("spools").put({ ...row, beat: Date.now(), nextSeq: content.nextSeq }),
    )
    isBegun = true
  }
  const take = (size: number): void => {
    if (bytes + size > room) throw new SpoolFull(`${database.name}: the spools there have their bytes`)
    if (waiting + size > mostWaiting)
      throw new SpoolFull(`${database.name}: ${waiting} bytes wait for the disk ${writes.failure() ?? ""}`)
    waiting += size
    bytes += size
    if (!isBegun) begin()
  }
  const drop = (from: Map<number, number>, number: number): void => {
    bytes -= from.get(number) ?? 0
    from.delete(number)
  }
  const dutyRows = async (): Promise<readonly DutyRow[]> => {
    await writes.settled()
    // Written by `addDuty`.
    return (await answerOf(database.transaction("duties").objectStore("duties").getAll(numbersFrom(writer)))) as DutyRow[]
  }

  return {
    writer,
    runId,
    url,
    get nextSeq() {
      return nextSeq
    },
    get nextDuty() {
      return nextDuty
    },
    get bytes() {
      return bytes
    },
    append: (frame) => {
      const size = frame.bytes.length
      take(size)
      const kept = { writer, seq: frame.seq, size, bytes: frame.bytes.slice() }
      inMemory.set(frame.seq, kept)
      frames.set(frame.seq, size)
      nextSeq = frame.seq + 1
      writes.add(
        (transaction) => {
          if (frames.has(frame.seq)) transaction.objectStore("frames").put(kept)
        },
        () => {
          waiting -= size
          inMemory.delete(frame.seq)
        },
      )
    },
    read: async (from, most) => {
      // What is written meanwhile is in one of the two at least.
      const mine = [...inMemory.values()]
      const kept = await framesFrom(database, writer, from, most)
      const isCut = kept.reduce((sum, { size }) => sum + size, 0) >= most
      const until = isCut ? (kept.at(-1)?.seq ?? Infinity) : Infinity
      return merged(
        kept,
        mine.filter(({ seq }) => seq >= from && seq <= until),
        most,
      )
    },
    release: (seq) => {
      for (const number of frames.keys())
        if (number <= seq) drop(frames, number)
        else break
      const told = nextSeq
      writes.add((transaction) => {
        transaction.objectStore("frames").delete(numbersFrom(writer, 0, seq))
        // Whoever comes later is to go on with the numbers.
        if (frames.size === 0) transaction.objectStore("spools").put({ ...row, beat: Date.now(), nextSeq: told })
      })
    },
    addDuty: (duty, content) => {
      const size = content?.length ?? 0
      take(size)
      const kept: DutyRow = { writer, number: duty.number, size, duty, bytes: content?.slice() ?? null }
      duties.set(duty.number, size)
      nextDuty = duty.number + 1
      writes.add(
        (transaction) => {
          if (duties.has(duty.number)) transaction.objectStore("duties").put(kept)
        },
        () => (waiting -= size),
      )
    },
    duties: async () => (await dutyRows()).map(({ duty }) => duty),
    blobOf: async ({ number }) => {
      const bytes = (await dutyRows()).find((row) => row.number === number)?.bytes
      if (bytes === undefined || bytes === null) throw new Error(`duty ${number} has no bytes here`)
      return new Blob([bytes])
    },
    dutyDone: (number) => {
      drop(duties, number)
      writes.add((transaction) => void transaction.objectStore("duties").delete(numbersFrom(writer, number, number)))
    },
    settled: writes.settled,
    close: async () => {
      if (bytes === 0 && frames.size === 0 && duties.size === 0)
        writes.add((transaction) => void transaction.objectStore("spools").delete(writer))
      await writes.settled()
      await letGo?.()
      database.close()
    },
  }
}
