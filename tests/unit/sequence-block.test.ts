import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type BlockColumns,
  blockHeader,
  decodeBlock,
  decodeEpochs,
  decodeSteps,
  decodeTimes,
  decodeValues,
  encodeBlock,
} from "../../projections/sequence-block.ts"
import { CorruptBlock } from "../../projections/sequence-integers.ts"
import {
  APPEND_LIMIT,
  appendAbove,
  BLOCK_LIMIT,
  placeAt,
  type Point,
  Points,
  splitBlock,
} from "../../projections/sequence-points.ts"

const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString("hex"))

const blockOf = (points: readonly Point[]): Points => {
  const block = new Points()
  for (const point of points) placeAt(block, point)
  return block
}

const pointsOf = (block: Points): readonly Point[] => Array.from({ length: block.length }, (_, index) => block.at(index))

const aValue = fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, 1 / 0, -1 / 0))
const anInteger = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -50, max: 3000 }) },
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 51, -(2 ** 51)),
)
const aPoint: fc.Arbitrary<Point> = fc.record({
  step: anInteger,
  value: aValue,
  time: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1_767_225_600_000_000, max: 1_767_325_600_000_000 }) }, anInteger),
  epoch: fc.option(anInteger),
})
const somePoints = fc.uniqueArray(aPoint, {
  minLength: 1,
  maxLength: 60,
  selector: (point) => point.step,
  comparator: "SameValueZero",
})

const regularPoints = (count: number): readonly Point[] => {
  let time = 1_767_225_600_000_000
  return Array.from({ length: count }, (_, i) => {
    time += 1_000_000 + ((i * 7919) % 20_011) - 10_005
    return { step: 10 * i, value: Math.sin(i), time, epoch: Math.floor(i / 100) }
  })
}

interface DumpRow {
  readonly tuple: readonly { readonly str?: string; readonly int?: number }[]
  readonly value: string
  readonly decoded: number
}

describe("a block of a metric sequence", () => {
  it("stores one point as the reference does, column by column", () => {
    const dump = JSON.parse(readFileSync("tests/fixtures/golden/fdb-dump.json", "utf8")) as { dump: DumpRow[] }
    const rows = dump.dump.filter((row) => row.tuple[1]?.str === "seqs" && row.tuple[3]?.str === "loss")
    const stored = (column: string, step: number): DumpRow | undefined =>
      rows.find((row) => row.tuple[4]?.str === column && row.tuple[5]?.int === step)
    const steps = rows.filter((row) => row.tuple[4]?.str === "step").map((row) => row.decoded)
    expect(steps.length).toBeGreaterThanOrEqual(4)
    for (const step of steps) {
      const [val, time, epoch] = ["val", "time", "epoch"].map((column) => stored(column, step))
      const seconds = Number(time?.decoded)
      const block = blockOf([{ step, value: Number(val?.decoded), time: seconds * 1e6, epoch: epoch?.decoded ?? null }])
      const columns = encodeBlock(block)
      expect([hex(columns.val), hex(columns.step), hex(columns.time), hex(columns.epoch)]).toEqual([
        val?.value,
        stored("step", step)?.value,
        time?.value,
        epoch?.value ?? null,
      ])
      expect(pointsOf(decodeBlock(columns))).toEqual(pointsOf(block))
    }
  })

  it("gives back every point bit by bit, from any order they came in", () =>
    fc.assert(
      fc.property(somePoints, (points) => {
        const block = blockOf(points)
        const ascending = points.toSorted((a, b) => a.step - b.step)
        const columns = encodeBlock(block)
        expect(pointsOf(decodeBlock(columns))).toEqual(ascending)
        expect([...decodeValues(columns.val)]).toEqual(ascending.map((point) => point.value))
        expect([...decodeSteps(columns.step)]).toEqual(ascending.map((point) => point.step))
        expect([...decodeTimes(columns.time)]).toEqual(ascending.map((point) => point.time))
        const epochs = ascending.map((point) => point.epoch ?? Number.NaN)
        if (columns.epoch === null) expect(epochs.every(Number.isNaN)).toBe(true)
        else expect([...decodeEpochs(columns.epoch)]).toEqual(epochs)
        expect(encodeBlock(decodeBlock(columns))).toEqual(columns)
      }),
    ))

  it("tells count, first, last, least and greatest value from its header", () =>
    fc.assert(
      fc.property(fc.array(aValue, { minLength: 1, maxLength: 40 }), (values) => {
        const block = new Points()
        const steps = values.map((_, i) => i)
        appendAbove(block, { steps, values, times: steps })
        const numbers = values.filter((value) => !Number.isNaN(value))
        expect(blockHeader(encodeBlock(block).val)).toEqual({
          count: values.length,
          first: values[0],
          last: values.at(-1),
          min: numbers.length === 0 ? Number.NaN : Math.min(...numbers),
          max: numbers.length === 0 ? Number.NaN : Math.max(...numbers),
        })
      }),
    ))

  it("writes every NaN with the same bits", () => {
    const odd = new Float64Array(new Uint32Array([1, 0xfff80000, 5, 0x7ff80000, 0, 0x3ff00000]).buffer)
    const columns = (values: Float64Array): BlockColumns => {
      const indexes = Float64Array.from(values, (_, i) => i)
      return encodeBlock(new Points(indexes, values, indexes, undefined, values.length))
    }
    expect(columns(odd)).toEqual(columns(Float64Array.of(Number.NaN, Number.NaN, 1)))
    expect(columns(odd.slice(0, 1))).toEqual(columns(Float64Array.of(Number.NaN)))
  })

  it("has the same bytes for an integer 0 and -0, but not for a value", () => {
    const zero = (integer: number, value: number): BlockColumns =>
      encodeBlock(blockOf([{ step: integer, value, time: integer, epoch: integer }]))
    expect(zero(-0, 0)).toEqual(zero(0, 0))
    expect(zero(0, -0)).not.toEqual(zero(0, 0))
  })

  it("takes at most 12 bytes for a point of a regular series with jitter, its epoch included", () => {
    const { val, step, time, epoch } = encodeBlock(blockOf(regularPoints(APPEND_LIMIT)))
    expect(step.length).toBeLessThan(20)
    expect((val.length + step.length + time.length + (epoch?.length ?? 0)) / APPEND_LIMIT).toBeLessThan(12)
  })

  it("is refused, never misread or endless, when its bytes are cut or damaged", () => {
    const whole = encodeBlock(
      blockOf(
        regularPoints(20).map((point, i) => (i % 3 ? point : Object.assign({}, point, { epoch: null, step: point.step + 1 }))),
      ),
    )
    fc.assert(
      fc.property(
        fc.constantFrom("val" as const, "step" as const, "time" as const, "epoch" as const),
        fc.nat(40),
        fc.nat(255),
        fc.option(fc.nat(200)),
        (name, position, byte, cut) => {
          const column = new Uint8Array(whole[name] ?? [])
          column[position % column.length] = byte
          const damaged = { ...whole, [name]: cut === null ? column : column.subarray(0, cut % column.length) }
          try {
            expect(decodeBlock(damaged).length).toBe(20)
          } catch (error) {
            if (!(error instanceof CorruptBlock)) throw error
          }
        },
      ),
      { numRuns: 2000 },
    )
    for (const name of ["val", "step", "time", "epoch"] as const)
      for (let size = 1; size < (whole[name]?.length ?? 0); size += 1)
        expect(() => decodeBlock({ ...whole, [name]: whole[name]?.subarray(0, size) }), `${name} cut to ${size}`).toThrow(
          CorruptBlock,
        )
  })

  it("is refused when its columns are of different lengths", () => {
    const [two, three] = [encodeBlock(blockOf(regularPoints(2))), encodeBlock(blockOf(regularPoints(3)))]
    const one = encodeBlock(blockOf(regularPoints(1)))
    for (const name of ["val", "step", "time", "epoch"] as const) {
      expect(() => decodeBlock({ ...two, [name]: three[name] })).toThrow(CorruptBlock)
      expect(() => decodeBlock({ ...two, [name]: one[name] })).toThrow(CorruptBlock)
    }
    expect(() => decodeBlock({ ...two, val: Uint8Array.of(0xc1, 2, 0, 0) })).toThrow(/version 2/)
  })

  it("cannot be empty or hold more than 1,024 points", () => {
    expect(() => encodeBlock(new Points())).toThrow(RangeError)
    expect(() => encodeBlock(blockOf(regularPoints(BLOCK_LIMIT + 1)))).toThrow(RangeError)
    expect(decodeBlock(encodeBlock(blockOf(regularPoints(BLOCK_LIMIT)))).length).toBe(BLOCK_LIMIT)
  })
})

/** A sequence in memory, stored after each batch: what the fold does with keys and ranges. */
class Sequence {
  blocks = new Map<number, BlockColumns>()

  log(points: readonly Point[], cut: number): void {
    for (let from = 0; from < points.length; from += cut) {
      const batch = points.slice(from, from + cut)
      const open = [...this.blocks.values()].map((columns) => decodeBlock(columns))
      this.#fold(open, batch)
      this.blocks = new Map(open.map((block) => [Number(block.firstStep), encodeBlock(block)]))
    }
  }

  #fold(open: Points[], batch: readonly Point[]): void {
    const columns = {
      steps: batch.map((point) => point.step),
      values: batch.map((point) => point.value),
      times: batch.map((point) => point.time),
      epochs: batch.map((point) => point.epoch),
    }
    for (let next = 0; next < batch.length;) {
      const point = batch[next] as Point
      const tail = open.at(-1)
      if (tail === undefined || point.step > Number(tail.lastStep)) {
        if (tail === undefined || tail.length >= APPEND_LIMIT) open.push(new Points())
        next = appendAbove(open.at(-1) as Points, columns, next)
        continue
      }
      const index = Math.max(
        0,
        open.findLastIndex((block) => Number(block.firstStep) <= point.step),
      )
      placeAt(open[index] as Points, point)
      const rest = splitBlock(open[index] as Points)
      if (rest !== undefined) open.splice(index + 1, 0, rest)
      next += 1
    }
  }

  points(): readonly Point[] {
    return [...this.blocks.values()].flatMap((columns) => pointsOf(decodeBlock(columns)))
  }
}

describe("a sequence of blocks (Law 3)", () => {
  const manyPoints = fc
    .tuple(
      fc.constantFrom("up", "down", "mixed", "halves"),
      fc.integer({ min: 1, max: 1400 }),
      fc.array(aPoint, { maxLength: 30 }),
      fc.infiniteStream(fc.boolean()),
    )
    .map(([shape, count, extra, hasEpoch]) => {
      const position = (i: number): number => {
        if (shape === "up") return i
        if (shape === "down") return 100 - i
        return shape === "mixed" ? (i * 7919) % 1409 : (i % 2) * 5000 + i
      }
      const points = Array.from({ length: count }, (_, i): Point => ({
        step: position(i),
        value: i / 3,
        time: 1e15 + i,
        epoch: hasEpoch.next().value ? i : null,
      }))
      return extra.length % 2 === 0 ? points.concat(extra) : extra.concat(points)
    })

  it("holds the same points as a map from step to point, whatever the order", () =>
    fc.assert(
      fc.property(manyPoints, fc.integer({ min: 50, max: 1500 }), (points, cut) => {
        const sequence = new Sequence()
        sequence.log(points, cut)
        const model = new Map(points.map((point) => [point.step, point]))
        expect(sequence.points()).toEqual([...model.values()].toSorted((a, b) => a.step - b.step))
        for (const columns of sequence.blocks.values()) expect(blockHeader(columns.val).count).toBeLessThanOrEqual(BLOCK_LIMIT)
      }),
      { numRuns: 40 },
    ))

  it("has the same bytes however its points were cut into batches", () =>
    fc.assert(
      fc.property(manyPoints, fc.integer({ min: 50, max: 700 }), (points, cut) => {
        const [whole, pieces] = [new Sequence(), new Sequence()]
        whole.log(points, points.length)
        pieces.log(points, cut)
        expect(pieces.blocks).toEqual(whole.blocks)
      }),
      { numRuns: 30 },
    ))

  it("answers the value that an equal step replaces, and forgets its epoch", () => {
    const block = blockOf([{ step: 3, value: 1, time: 5, epoch: 7 }])
    expect(placeAt(block, { step: 3, value: 2, time: 6, epoch: null })).toBe(1)
    expect(placeAt(block, { step: 2, value: 9, time: 6, epoch: null })).toBeUndefined()
    expect(encodeBlock(block).epoch).toBeNull()
  })

  it("opens a new block after 512 appended points and splits one of 1,025 into 512 and the rest", () => {
    const appended = new Sequence()
    appended.log(regularPoints(1100), 1100)
    expect([...appended.blocks.keys()]).toEqual([0, 5120, 10_240])
    const inserted = new Sequence()
    inserted.log(regularPoints(1025).toReversed(), 1025)
    expect([...inserted.blocks.values()].map(({ val }) => blockHeader(val).count)).toEqual([512, 513])
  })
})
