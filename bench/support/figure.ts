/** What a figure is: named samples, taken as often as it is asked for. */
import type { Place } from "./engines.ts"

/** One measured number. Its unit says what it counts. */
export interface Sample {
  readonly name: string
  readonly unit: string
  readonly value: number
}

export interface Scale {
  /** How often everything is measured; the median counts. */
  readonly rounds: number
  /** Runs that searches look through. */
  readonly runs: number
  /** Most points of a log that is folded. */
  readonly points: number
  /** An empty folder of the figure's own, gone afterwards. */
  readonly folder: string
  /** A data folder within it, which has a log of its own. */
  readonly place: (name: string) => Promise<Place>
}

export interface Figure {
  readonly name: string
  /** What is measured, in a sentence. */
  readonly says: string
  /** The samples of each round. */
  readonly measure: (scale: Scale) => Promise<readonly (readonly Sample[])[]>
}

/** Measures again and again, `round` counting from 0. */
export const repeated = async (rounds: number, once: (round: number) => Promise<readonly Sample[]>) => {
  const all: (readonly Sample[])[] = []
  for (let round = 0; round < rounds; round++) all.push(await once(round))
  return all
}

/** The value below which a share of the values lies; the nearest one that was measured. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)
