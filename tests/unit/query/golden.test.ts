import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { type Budget, compile, type Query } from "../../../domain/query/index.ts"
import { seedRuns } from "./seed-facts.ts"

interface Vector {
  readonly q: string
  readonly tz?: number
  readonly http?: number
  readonly detail?: string
  readonly late_error?: boolean
  readonly run_search?: readonly string[]
  readonly metric_search?: readonly string[]
}

const vectors = JSON.parse(
  readFileSync(new URL("../../fixtures/golden/query.json", import.meta.url), "utf8"),
) as readonly Vector[]

type Answer = Pick<Vector, "run_search" | "metric_search">

const both = ["A:loss", "A:step_time"]
/** Vectors that the reference answers wrongly: the number of the mending, and the answer that Python gives. */
const mended: Readonly<Record<string, Answer & { readonly mending: number }>> = {
  "run.hparams.lr == 2.0": { mending: 1, run_search: ["B"], metric_search: ["B:loss"] },
  "run.hparams.lr > 1": { mending: 1, run_search: ["B"], metric_search: ["B:loss"] },
  'run["hparams"]["lr"] > 1': { mending: 1, run_search: ["B"], metric_search: ["B:loss"] },
  "run.hparams.lr > 1.0": { mending: 1, run_search: ["B"], metric_search: ["B:loss"] },
  "run.hparams.lr < 1": { mending: 1, run_search: ["A"], metric_search: both },
  "run.hparams.lr >= 2": { mending: 1, run_search: ["B"], metric_search: ["B:loss"] },
  "run.hparams.lr <= 2": { mending: 1, run_search: ["B", "A"], metric_search: [...both, "B:loss"] },
  "run.hparams.on == 1": { mending: 1, run_search: ["A"], metric_search: both },
  "run.hparams.nope == None": { mending: 1, run_search: ["B", "A"], metric_search: [...both, "B:loss"] },
  "run.metrics['loss', {'subset': 'train'}].last < 1": { mending: 18, run_search: ["A"], metric_search: both },
  "run.metrics['loss'].first": { mending: 11, run_search: ["B", "A"], metric_search: [...both, "B:loss"] },
  // The zone's sign: browsers send minutes west, so UTC+4 is -240 and its midnight is 20:00Z of the day before.
  "run.created_at >= datetime(2026,1,1) @ -240": { mending: 2, run_search: ["B", "A"], metric_search: [...both, "B:loss"] },
  "datetime(2026,1,1) == 1767240000 @ -240": { mending: 2, run_search: [], metric_search: [] },
  "run.created_at >= datetime(2026,1,1) @ 240": { mending: 2, run_search: [], metric_search: [] },
  "datetime(2026,1,1) == 1767240000 @ 240": { mending: 2, run_search: ["B", "A"], metric_search: [...both, "B:loss"] },
}

const nameOf = ({ q, tz }: Vector): string => (tz === undefined ? q : `${q} @ ${tz}`)

const queryOf = ({ q, tz }: Vector, sequenceName: "metric" | null): Query => {
  const compiled = compile(q, { timezoneOffsetMinutes: tz ?? 0, sequenceName })
  if ("refused" in compiled) throw new Error(compiled.refused.message)
  return compiled.query
}

const answer = (vector: Vector): Answer => {
  const budget: Budget = { steps: 1_000_000 }
  const [onRuns, onMetrics] = [queryOf(vector, null), queryOf(vector, "metric")]
  return {
    run_search: seedRuns.filter(({ run }) => onRuns.matches({ run }, budget)).map(({ id }) => id),
    metric_search: seedRuns
      .flatMap(({ id, run, sequences }) =>
        sequences.filter((sequence) => onMetrics.matches({ run, sequence }, budget)).map(({ name }) => `${id}:${name}`),
      )
      .sort(),
  }
}

describe("golden queries are answered as the reference does, or as Python does where the reference is wrong", () => {
  it.each(vectors.filter(({ run_search: runs }) => runs !== undefined).map((vector) => [nameOf(vector), vector] as const))(
    "%s",
    (name, vector) => {
      const { run_search, metric_search } = mended[name] ?? vector
      expect(answer(vector)).toEqual({ run_search, metric_search })
    },
  )

  it.each(vectors.filter(({ http }) => http === 400).map((vector) => [vector.q, vector] as const))(
    "%s is a syntax error",
    (q, vector) => {
      const compiled = compile(q, { timezoneOffsetMinutes: 0, sequenceName: null })
      const [, message, line] = /^Invalid query syntax: (.*) \(<query>, line (\d+)\)$/.exec(vector.detail ?? "") ?? []
      expect(compiled).toMatchObject({ refused: { _tag: "QuerySyntaxError", message, line: Number(line) } })
    },
  )

  it.each(vectors.filter(({ late_error: late }) => late === true).map(({ q }) => [q]))(
    "%s is forbidden before it runs (mending 10)",
    (q) => {
      const compiled = compile(q, { timezoneOffsetMinutes: 0, sequenceName: null })
      expect(compiled).toMatchObject({ refused: { _tag: "QueryForbidden" } })
    },
  )

  it("every mended vector is one of the golden ones and differs from it", () => {
    for (const [name, { mending, ...ours }] of Object.entries(mended)) {
      const vector = vectors.find((each) => nameOf(each) === name)
      expect(vector, name).toBeDefined()
      expect({ run_search: vector?.run_search, metric_search: vector?.metric_search }, `${name}, mending ${mending}`).not.toEqual(
        ours,
      )
    }
  })
})
