/** The points that are logged and not yet sealed: rows in the order of logging, sorted into columns of their series when sealed. */
import type { PointsSection } from "../domain/frame.ts"

/** A sequence of points as it is known here: a name and a context of one run. */
export interface Series {
  readonly name: string
  /** JSON text; "" is none. */
  readonly context: string
  /** Its place among the series of the open rows, -1 while it has no rows there. */
  slot: number
  rows: number
}

/** The rows that one frame takes at most, about 64 kB of them. */
const mostRows = 4_096
const fewestRows = 64

interface Columns {
  readonly values: Float64Array
  /** NaN where the server counts on. */
  readonly steps: Float64Array
  /** NaN where there is none. */
  readonly epochs: Float64Array
  /** µs since 1970. */
  readonly times: Float64Array
}

const columnsOf = (rows: number): Columns => ({
  values: new Float64Array(rows),
  steps: new Float64Array(rows),
  epochs: new Float64Array(rows),
  times: new Float64Array(rows),
})

const names = ["values", "steps", "epochs", "times"] as const

// Sorting happens at once and its outcome is encoded before anybody sorts again, so all runs of a process share the place for it.
let sorted: Columns = columnsOf(fewestRows)

/** Points that are not sealed yet, in columns of their series. */
export class Points {
  count = 0
  #capacity = fewestRows
  #columns = columnsOf(fewestRows)
  #slots = new Int32Array(fewestRows)
  #series: Series[] = []

  /** Whether it must be sealed before another row is pushed. */
  get isFull(): boolean {
    return this.count === mostRows
  }

  push(series: Series, value: number, step: number, epoch: number, time: number): void {
    const row = this.count++
    if (row === this.#capacity) this.#grow()
    if (series.slot < 0) series.slot = this.#series.push(series) - 1
    series.rows++
    this.#slots[row] = series.slot
    const columns = this.#columns
    columns.values[row] = value
    columns.steps[row] = step
    columns.epochs[row] = epoch
    columns.times[row] = time
  }

  /** Its rows as sections, the series in the order of their first rows; it is empty afterwards. They hold until the next call. */
  take(): readonly PointsSection[] {
    const columns = this.#series.length === 1 ? this.#columns : this.#sort()
    const sections: PointsSection[] = []
    let from = 0
    for (const series of this.#series) {
      cutAlike(series, columns, from, (from += series.rows), sections)
      series.slot = -1
      series.rows = 0
    }
    this.#series = []
    this.count = 0
    return sections
  }

  #sort(): Columns {
    if (sorted.values.length < this.count) sorted = columnsOf(this.#capacity)
    const into = sorted
    const slots = this.#slots
    const { values, steps, epochs, times } = this.#columns
    let next = 0
    const places = Int32Array.from(this.#series, ({ rows }) => (next += rows) - rows)
    for (let row = 0; row < this.count; row++) {
      const place = places[slots[row]!]!++
      into.values[place] = values[row]!
      into.steps[place] = steps[row]!
      into.epochs[place] = epochs[row]!
      into.times[place] = times[row]!
    }
    return into
  }

  #grow(): void {
    this.#capacity *= 4
    const older = this.#columns
    this.#columns = columnsOf(this.#capacity)
    for (const name of names) this.#columns[name].set(older[name])
    const slots = this.#slots
    this.#slots = new Int32Array(this.#capacity)
    this.#slots.set(slots)
  }
}

/** Cuts one series' rows where steps or epochs begin or end to be there: within a section all have them or none. */
const cutAlike = (series: Series, columns: Columns, from: number, to: number, sections: PointsSection[]): void => {
  const { values, steps, epochs, times } = columns
  const { name, context } = series
  for (let start = from, end = from; start < to; start = end) {
    const hasStep = !Number.isNaN(steps[start]!)
    const hasEpoch = !Number.isNaN(epochs[start]!)
    while (end < to && Number.isNaN(steps[end]!) !== hasStep && Number.isNaN(epochs[end]!) !== hasEpoch) end++
    sections.push({
      kind: "points",
      name,
      context,
      dtype: "",
      steps: hasStep ? steps.subarray(start, end) : null,
      epochs: hasEpoch ? epochs.subarray(start, end) : null,
      times: times.subarray(start, end),
      values: values.subarray(start, end),
    })
  }
}
