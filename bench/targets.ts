import type { EngineName } from "./support/engines.ts"

/** What the figures are to reach on two cores, where there is a target. */
export interface Target {
  readonly better: "more" | "less"
  readonly target: number
}

const more = (target: number): Target => ({ better: "more", target })
const less = (target: number): Target => ({ better: "less", target })

type Targets = Readonly<Record<string, Target>>

const embedded: Targets = {
  "ingest, 4 connections: visible": more(120_000),
  "columnar: visible": more(1_000_000),
  "idle: visible p50": less(8),
  "idle: visible p99": less(25),
  "half load: visible p99": less(500),
  "small run, until visible": less(1.5),
  "rebuild, 100 points per event": more(4_000_000),
  "rebuild, single points": more(60_000),
  "rebuild, small events of all kinds": more(100_000),
  "swap, longest read around it": less(50),
  "swap, failed requests": less(0),
  "swap, reads without the own write": less(0),
  "100,000-point series, binary": less(50),
  "100 series of 10,000 points at 500": less(150),
  "projection per point, rows": less(16),
  "backlog, peak RssAnon": less(350),
  "indexed search, first page of 50": less(5),
  "unindexed predicate": more(150_000),
  "list of all runs, per 10,000": less(400),
  "sdk, log() of one value: median": less(1_000),
  "sdk, log() of two values: median": less(1_000),
  "sdk, log() of one value": more(1_000_000),
  "sdk, import to first log()": less(30),
  "sdk, log() to durable": more(1_000_000),
}

/** The broker has its share of the two cores too. */
const kafka: Targets = {
  "ingest, 4 connections: visible": more(80_000),
  "columnar: visible": more(800_000),
  "half load: visible p99": less(1_000),
  "killed projector, until replaced": less(3),
  "ingestion gateway, start until ready": less(3),
  "query gateway, start until ready": less(3),
}

export const targetsOn: Readonly<Record<EngineName, Targets>> = { embedded, kafka }
