/** What the figures are to reach on two cores, where there is a target. */
export interface Target {
  readonly better: "more" | "less"
  readonly target: number
}

const more = (target: number): Target => ({ better: "more", target })
const less = (target: number): Target => ({ better: "less", target })

export const targets: Readonly<Record<string, Target>> = {
  "ingest, 4 connections: visible": more(120_000),
  "columnar: visible": more(1_000_000),
  "idle: visible p50": less(8),
  "idle: visible p99": less(25),
  "half load: visible p99": less(500),
  "small run, until visible": less(1.5),
  "rebuild, 100 points per event": more(2_000_000),
  "rebuild, single points": more(60_000),
  "rebuild, small events of all kinds": more(60_000),
  "100,000-point series, binary": less(50),
  "100 series of 10,000 points at 500": less(150),
  "projection per point, rows": less(16),
  "backlog, peak RssAnon": less(350),
  "indexed search, first page of 50": less(5),
  "unindexed predicate": more(150_000),
  "list of all runs, per 10,000": less(400),
}
