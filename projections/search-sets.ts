/** Sets of runs that indexes tell: enumerated, asked for one run, joined and cut with each other. */
import { pack, type Tuple } from "./keys.ts"
import { ownEntriesOf } from "./own-index.ts"
import type { Rows } from "./rows.ts"
import { entriesOf } from "./run-index.ts"
import { type Place, placeOf } from "./run-summary.ts"
import { entriesUnder, type KeyRange } from "./search-ranges.ts"

/** A set of runs, read only as far as it is asked. */
export interface RunSet {
  /** Its runs in no order; a run may come more than once. */
  readonly chunks: () => AsyncIterable<readonly string[]>
  readonly has: (run: string) => Promise<boolean>
  /** It has about all runs, so it is asked rather than read. */
  readonly isBroad?: boolean
  /** Its runs, each once; undefined where they are more than `most`, or where more rows would have to be read to tell. */
  readonly runs?: (most: number) => Promise<ReadonlySet<string> | undefined>
}

/** The runs that have an entry in one of the ranges of an index; `index` is what the entries of the ranges begin with. */
export const indexed = (rows: Rows, index: Tuple, ranges: readonly KeyRange[]): RunSet => ({
  chunks: () => runsIn(rows, "indexes", ranges),
  has: async (run) => {
    for (const entry of await entriesOf(rows, run, index)) if (isIn([...entry, run], ranges)) return true
    return false
  },
})

async function* runsIn(rows: Rows, space: "indexes" | "own", ranges: readonly KeyRange[]): AsyncGenerator<readonly string[]> {
  const prefix = rows.generation.prefixes[space]
  for (const { begin, end } of ranges)
    for await (const chunk of rows.tx.chunks(Buffer.concat([prefix, begin]), Buffer.concat([prefix, end])))
      yield chunk.map(([key]) => runOf(key))
}

const isIn = (entry: Tuple, ranges: readonly KeyRange[]): boolean => {
  const key = pack(entry)
  return ranges.some(({ begin, end }) => Buffer.compare(begin, key) <= 0 && Buffer.compare(key, end) < 0)
}

/** The same of an index of our own; `index` is without the element that all of them begin with. */
export const indexedByUs = (rows: Rows, index: Tuple, ranges: readonly KeyRange[]): RunSet => ({
  chunks: () => runsIn(rows, "own", ranges),
  has: async (run) => {
    for (const entry of await ownEntriesOf(rows, run, index)) if (isIn(["index", ...entry, run], ranges)) return true
    return false
  },
})

/** The runs whose place holds so, which an index has, too. */
export const placed = (rows: Rows, index: readonly [string, boolean], holds: (place: Place) => boolean): RunSet => ({
  ...indexed(rows, [index[0]], [entriesUnder(index)]),
  has: async (run) => {
    const place = await placeOf(rows, run)
    return place !== undefined && holds(place)
  },
  isBroad: !index[1],
})

/** The runs among these that exist and are not deleted. */
export const named = (rows: Rows, runs: readonly string[]): RunSet => {
  const wanted = new Set(runs)
  const has = async (run: string): Promise<boolean> => wanted.has(run) && (await placeOf(rows, run)) !== undefined
  return {
    chunks: async function* () {
      const found: string[] = []
      for (const run of wanted) if (await has(run)) found.push(run)
      yield found
    },
    has,
  }
}

/** Every run that is not deleted. */
export const everyRun = (rows: Rows): RunSet => {
  const index = ["created_at"]
  const key = pack(index)
  const range = { begin: Buffer.concat([key, Uint8Array.of(0)]), end: Buffer.concat([key, Uint8Array.of(0xff)]) }
  return { ...indexed(rows, index, [range]), isBroad: true }
}

export const union = (sets: readonly RunSet[]): RunSet => ({
  isBroad: sets.some(({ isBroad }) => isBroad === true),
  chunks: async function* () {
    for (const set of sets) yield* set.chunks()
  },
  has: async (run) => {
    for (const set of sets) if (await set.has(run)) return true
    return false
  },
})

/**
 * The runs that are in all of the sets. All are read side by side until the first one is at its end, which is then about
 * the smallest, whatever statistics would say; the others are asked for its runs, or read on where that is less work.
 */
export const intersection = (sets: readonly RunSet[]): RunSet =>
  sets.length === 1
    ? sets[0]!
    : {
        chunks: async function* () {
          yield [...((await intersect(sets, Infinity)) ?? [])]
        },
        runs: (most) => intersect(sets, most),
        isBroad: sets.every(({ isBroad }) => isBroad === true),
        has: async (run) => {
          for (const set of sets) if (!(await set.has(run))) return false
          return true
        },
      }

/** The runs of a set, if they are at most so many; else it is left when that is known. */
export const fewRunsOf = async (set: RunSet, most: number): Promise<ReadonlySet<string> | undefined> => {
  if (set.isBroad === true) return undefined
  if (set.runs !== undefined) return set.runs(most)
  const runs = new Set<string>()
  for await (const chunk of set.chunks()) {
    for (const run of chunk) runs.add(run)
    if (runs.size > most) return undefined
  }
  return runs
}

/** The runs of a set, each once. */
export const runsOf = async (set: RunSet): Promise<ReadonlySet<string>> => {
  const runs = new Set<string>()
  for await (const chunk of set.chunks()) for (const run of chunk) runs.add(run)
  return runs
}

/** Runs in the order of their ids. */
export const sortedById = (runs: Iterable<string>): readonly string[] => {
  const sorted = [...runs].sort()
  // Only surrogates order differently in UTF-16 than in keys.
  return sorted.some((run) => surrogate.test(run)) ? sorted.sort(byBytes) : sorted
}

/** Texts in the order of their keys: by UTF-8 bytes, which is by code point. */
export const byBytes = (a: string, b: string): number => {
  if (a === b) return 0
  return surrogate.test(a) || surrogate.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a < b ? -1 : 1
}

const surrogate = /[\ud800-\udfff]/

/** One look-up costs about as much as reading so many rows on. */
const lookupRows = 8

class Reading {
  readonly set: RunSet
  readonly runs = new Set<string>()
  readonly #iterator: AsyncIterator<readonly string[]>
  constructor(set: RunSet) {
    this.set = set
    this.#iterator = set.chunks()[Symbol.asyncIterator]()
  }

  /** Reads one chunk; false at the end. */
  async read(): Promise<boolean> {
    const { done, value } = await this.#iterator.next()
    if (done === true) return false
    for (const run of value) this.runs.add(run)
    return true
  }

  async leave(): Promise<void> {
    await this.#iterator.return?.()
  }
}

const intersect = async (sets: readonly RunSet[], most: number): Promise<ReadonlySet<string> | undefined> => {
  const readings = sets.map((set) => new Reading(set))
  const narrow = readings.filter(({ set }) => set.isBroad !== true)
  try {
    const first = await firstEnded(narrow.length === 0 ? readings : narrow, most)
    if (first === undefined) return undefined
    let runs = first.runs
    for (const reading of readings) if (reading !== first) runs = await kept(runs, reading)
    return runs
  } finally {
    for (const reading of readings) await reading.leave()
  }
}

/** Undefined where all have more than `most` runs. */
const firstEnded = async (readings: readonly Reading[], most: number): Promise<Reading | undefined> => {
  while (readings.some(({ runs }) => runs.size <= most))
    for (const reading of readings) if (!(await reading.read())) return reading
  return undefined
}

const kept = async (runs: Set<string>, other: Reading): Promise<Set<string>> => {
  const most = other.set.isBroad === true ? 0 : other.runs.size + runs.size * lookupRows
  let isWhole = false
  while (!isWhole && other.runs.size < most) isWhole = !(await other.read())
  const both = new Set<string>()
  for (const run of runs) if (other.runs.has(run) || (!isWhole && (await other.set.has(run)))) both.add(run)
  return both
}

/** The run that ends a key: its text stands between 02 and 00, and no id has control characters. */
const runOf = (key: Uint8Array): string => {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length)
  return bytes.toString("utf8", bytes.lastIndexOf(2, -2) + 1, bytes.length - 1)
}
