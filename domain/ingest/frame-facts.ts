/** Gathers the facts of one frame; points, lines, records and attributes that follow one another go into batched events. */
import { type AnyFact, catalog, type DataOfType } from "../../events/index.ts"
import type { Column } from "../frame.ts"
import { bytesOf } from "../limits.ts"
import type { RunIntake, Series } from "./intake.ts"

/** A fact and its time in Unix seconds. */
export interface Stated {
  readonly fact: AnyFact
  readonly at: number
  /** Where in the frame stands what states it; 0, as where it is missing, in frames without such places. */
  readonly place?: number
}

/** Columns of one length. Times are in microseconds since 1970, already cut to the clock. */
export interface Columns {
  readonly steps: Column | null
  readonly epochs: Column | null
  readonly times: Float64Array
  readonly values: Float64Array
}

/** Some of a column, each less so much. */
const numbers = (column: Column, from: number, to: number, less = 0): number[] => {
  const some: number[] = []
  for (let i = from; i < to; i++) some.push(column[i]! - less)
  return some
}

type Open<T> = { [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] }
/** Events to which more may still be added. */
export type PointGroup = Open<DataOfType<"PointsLogged">>
type LineGroup = Open<DataOfType<"TerminalLinesLogged">> & { bytes: number }
type RecordGroup = { readonly records: Uint8Array[]; bytes: number }
type AttributeGroup = { readonly paths: (readonly string[])[]; readonly values: Uint8Array[]; bytes: number }

/** Most bytes of a batched event, but for one value that is larger by itself. */
const mostBytes = 512_000
/** A point takes up to 8 bytes each for value, step, epoch and time, and its event a few hundred. */
const mostPoints = 15_000

/**
 * An event stands where its first message stood. Points may pass points of other sequences, lines and records (their
 * folds do not meet), but nothing passes a message that changes the run itself.
 */
export class FrameFacts {
  readonly #stated: Stated[] = []
  readonly #intake: RunIntake
  readonly #opened: Series[] = []
  #lines: LineGroup | null = null
  #records: RecordGroup | null = null
  #attributes: AttributeGroup | null = null
  #place = 0

  constructor(intake: RunIntake) {
    this.#intake = intake
    intake.span++
  }

  /** What follows is stated at this place of the frame; places only grow. */
  at(place: number): void {
    this.#place = place
  }

  /** Points of one sequence, in as many events as they need; nothing joins them. */
  columns(series: Series, dtype: string, { steps, epochs, times, values }: Columns): void {
    series.open = null
    const of = {
      runId: this.#intake.runId,
      name: series.name,
      contextId: series.context.id,
      context: series.context.bytes,
      dtype,
    }
    for (let from = 0; from < values.length; from += mostPoints) {
      const to = Math.min(from + mostPoints, values.length)
      const firstTime = times[from]!
      const group = {
        ...of,
        values: numbers(values, from, to),
        steps: steps === null ? [] : numbers(steps, from, to),
        epochs: epochs === null ? [] : numbers(epochs, from, to),
        firstTime,
        timeOffsets: numbers(times, from, to, firstTime),
      }
      this.#state(catalog.PointsLogged(group), firstTime / 1e6)
    }
  }

  /** `step` null: to be counted on from the last. `micros` since 1970, already cut to the clock. */
  point(series: Series, dtype: string, value: number, step: number | null, epoch: number | null, micros: number): void {
    let group = series.span === this.#intake.span ? series.open : null
    if (
      group === null ||
      group.dtype !== dtype ||
      (group.steps.length === 0) !== (step === null) ||
      (group.epochs.length === 0) !== (epoch === null) ||
      group.values.length === mostPoints
    )
      group = this.#openPoints(series, dtype, micros)
    group.values.push(value)
    if (step !== null) group.steps.push(step)
    if (epoch !== null) group.epochs.push(epoch)
    group.timeOffsets.push(micros - group.firstTime)
  }

  /** An object of a sequence: later points of that sequence stay behind it. */
  object(series: Series, fact: AnyFact, at: number): void {
    series.open = null
    this.#state(fact, at)
  }

  /** `step` null: the one after the last. */
  line(step: number | null, line: string, at: number): void {
    const bytes = bytesOf(line) + 10
    let group = this.#lines
    if (group === null || group.bytes + bytes > mostBytes || (group.steps.length === 0) !== (step === null)) {
      group = { runId: this.#intake.runId, steps: [], lines: [], bytes: 0 }
      this.#lines = group
      const { runId, steps, lines } = group
      this.#state(catalog.TerminalLinesLogged({ runId, steps, lines }), at)
    }
    if (step !== null) group.steps.push(step)
    group.lines.push(line)
    group.bytes += bytes
  }

  record(record: Uint8Array, at: number): void {
    let group = this.#records
    if (group === null || group.bytes + record.length > mostBytes) {
      group = { records: [], bytes: 0 }
      this.#records = group
      this.#state(catalog.LogRecordsLogged({ runId: this.#intake.runId, records: group.records }), at)
    }
    group.records.push(record)
    group.bytes += record.length
  }

  attributes(paths: readonly (readonly string[])[], values: readonly Uint8Array[], bytes: number, at: number): void {
    let group = this.#attributes
    if (group === null || group.bytes + bytes > mostBytes) {
      group = { paths: [], values: [], bytes: 0 }
      this.#attributes = group
      const { paths, values } = group
      this.#state(catalog.AttributesSet({ runId: this.#intake.runId, paths, values }), at)
    }
    for (const path of paths) group.paths.push(path)
    for (const value of values) group.values.push(value)
    group.bytes += bytes
  }

  /** A fact about the run itself, which nothing passes. */
  state(fact: AnyFact, at: number): void {
    this.#intake.span++
    this.#lines = null
    this.#records = null
    this.#attributes = null
    this.#state(fact, at)
  }

  /** Lets go of what the run's sequences hold of this frame, and answers its facts. */
  done(): readonly Stated[] {
    for (const series of this.#opened) series.open = null
    return this.#stated
  }

  #state(fact: AnyFact, at: number): void {
    this.#stated.push({ fact, at, place: this.#place })
  }

  #openPoints(series: Series, dtype: string, micros: number): PointGroup {
    const group: PointGroup = {
      runId: this.#intake.runId,
      name: series.name,
      contextId: series.context.id,
      context: series.context.bytes,
      dtype,
      values: [],
      steps: [],
      epochs: [],
      firstTime: micros,
      timeOffsets: [],
    }
    series.open = group
    series.span = this.#intake.span
    this.#opened.push(series)
    this.#state(catalog.PointsLogged(group), micros / 1e6)
    return group
  }
}
