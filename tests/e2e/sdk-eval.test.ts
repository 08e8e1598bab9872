/** Evaluations and the callbacks of training loops: what they log, read back by REST. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest"
import { brainCallback, tfjsCallback } from "../../sdk/callbacks.ts"
import { init } from "../../sdk/node.ts"
import type { Run } from "../../sdk/run.ts"
import { type Evaluation, trackEval } from "../../sdk/track-eval.ts"
import { freshFolder } from "../support/folders.ts"
import { at, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const folder = mkdtempSync(join(tmpdir(), "matyan-eval-"))
let server: Server
let rest: Rest
beforeAll(async () => {
  server = await startServer(folder)
  rest = restOf(server.backendUrl)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const begin = (): Promise<Run> => init({ url: server.frontierUrl, spool: { place: freshFolder() }, quiet: true })

const finished = async (run: Run): Promise<void> => {
  const { state, problems } = await run.finish()
  expect({ state, problems }).toEqual({ state: "finished", problems: [] })
  await until("the run's end", () => rest.ask("GET", `/runs/${run.id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
}

/** Steps and values of a metric. */
const points = async (run: Run, name: string, context: object = {}): Promise<readonly (readonly [Json, Json])[]> => {
  const { body } = await rest.ask("POST", `/runs/${run.id}/metric/get-batch/?record_density=0`, [{ name, context }])
  const [steps, values] = [at(body, 0, "iters"), at(body, 0, "values")] as readonly (readonly Json[] | undefined)[]
  return (steps ?? []).map((step, i) => [step, values?.[i] ?? null] as const)
}

const texts = async (run: Run): Promise<readonly string[]> => {
  const query = `record_density=0&index_density=0&q=${encodeURIComponent(`run.hash == "${run.id}"`)}`
  const values = at(await rest.tree(`/runs/search/texts/?${query}`), run.id, "traces", 0, "values") as readonly Json[]
  return values.map((items) => String(at(items, 0, "data")))
}

const params = async (run: Run): Promise<Json | undefined> => at(await rest.get(`/runs/${run.id}/info/`), "params")

interface Question {
  readonly input: string
  readonly expected: number
}

const questions = (count: number): readonly Question[] =>
  Array.from({ length: count }, (_, i) => ({ input: `${i} + 1`, expected: i + 1 }))

/** Resolves after so many turns of the event loop, so that tasks end in another order than they began. */
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe("an evaluation", () => {
  it("logs each example at its step, however many are under way and in whichever order they end", async () => {
    const run = await begin()
    let underWay = 0
    let most = 0
    const evaluation = await trackEval({
      run,
      name: "sums",
      dataset: questions(20),
      concurrency: 5,
      task: async ({ expected }, { index }) => {
        most = Math.max(most, ++underWay)
        await turns((index * 7) % 11)
        underWay--
        return index % 2 === 0 ? expected : -1
      },
      scorers: {
        exact: ({ expected }, output) => expected === output,
        far: async ({ expected }, output) => ({ by: Math.abs(expected - output), sign: Math.sign(output) }),
      },
    })
    await finished(run)
    expect(most).toBe(5)
    expectTypeOf(evaluation).toEqualTypeOf<Evaluation<Question, number>>()
    expect(evaluation.rows.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(evaluation.rows[3]).toMatchObject({ output: -1, scores: { exact: 0, "far/by": 5, "far/sign": -1 }, errors: [] })
    expect(evaluation).toMatchObject({ examples: 20, failures: 0, aborted: false })
    expect(evaluation.scores["exact"]).toEqual({ mean: 0.5, count: 20 })
    expect(await points(run, "sums/exact")).toEqual(Array.from({ length: 20 }, (_, i) => [i, 1 - (i % 2)]))
    expect(await points(run, "sums/far/by")).toEqual(Array.from({ length: 20 }, (_, i) => [i, i % 2 === 0 ? 0 : i + 2]))
    expect((await points(run, "sums/seconds")).map(([step]) => step)).toEqual(evaluation.rows.map(({ index }) => index))
    expect(at(await params(run), "eval", "sums")).toMatchObject({
      examples: 20,
      failures: 0,
      scores: { exact: { mean: 0.5, count: 20 } },
    })
    const told = (await texts(run)).map((text) => JSON.parse(text) as Json)
    expect(told.map((each) => at(each, "input"))).toEqual(questions(20).map(({ input }) => input))
    expect(told[3]).toMatchObject({ output: -1, expected: 4, scores: { exact: 0 } })
  })

  it("counts and names what fails, and goes on with the others", async () => {
    const run = await begin()
    const stream = async function* () {
      for (const example of questions(6)) yield example
    }
    const evaluation = await trackEval({
      run,
      dataset: stream(),
      timeout: 50,
      task: ({ expected }, { index }) => {
        if (index === 1) throw new Error("no answer")
        if (index === 2) return new Promise<number>(() => {})
        return expected
      },
      scorers: {
        exact: ({ expected }, output) => expected === output,
        broken: (_example, output) => {
          if (output === 5) throw new TypeError("cannot score five")
          return output === 6 ? ("six" as unknown as number) : Number.NaN
        },
      },
    })
    await finished(run)
    expect(evaluation).toMatchObject({ examples: 6, failures: 4, aborted: false })
    expect(evaluation.rows.map(({ errors }) => errors)).toEqual([
      [],
      [{ where: "task", message: "no answer" }],
      [{ where: "task", message: "took longer than 50 ms" }],
      [],
      [{ where: "broken", message: "cannot score five" }],
      [{ where: "broken", message: "broken is string, no number" }],
    ])
    expect(evaluation.scores["exact"]).toEqual({ mean: 1, count: 4 })
    expect((await points(run, "eval/failed")).map(([, value]) => value)).toEqual([0, 1, 1, 0, 1, 1])
    const records = await rest.tree(`/runs/${run.id}/log-records/?record_range=0:`)
    const messages = Object.values(records).map((record) => at(record, "message"))
    expect(messages).toContain("eval: task failed on example 1: no answer")
    expect(messages).toContain("eval: broken failed on example 4: cannot score five")
  })

  it("ends when it is told to, with what was done", async () => {
    const run = await begin()
    const ending = new AbortController()
    let isClosed = false
    const endless = function* () {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        isClosed = true
      }
    }
    const evaluation = await trackEval({
      run,
      dataset: endless(),
      concurrency: 2,
      signal: ending.signal,
      task: (example, { signal }) => {
        if (example < 5) return example
        ending.abort()
        return signal.aborted ? new Promise<number>(() => {}) : example
      },
      scorers: { itself: (_example, output) => output },
    })
    await finished(run)
    expect(isClosed).toBe(true)
    expect(evaluation.aborted).toBe(true)
    expect(evaluation.rows.map(({ example }) => example)).toEqual([0, 1, 2, 3, 4])
    expect(await points(run, "eval/itself")).toHaveLength(5)
  })

  it("says what was done before it fails with its dataset", async () => {
    const run = await begin()
    const failing = function* () {
      yield 1
      throw new Error("the file of examples is torn")
    }
    const evaluation = trackEval({ run, dataset: failing(), task: (example) => example, scorers: { one: () => 1 } })
    await expect(evaluation).rejects.toThrow("the file of examples is torn")
    await finished(run)
    expect(await points(run, "eval/one")).toEqual([[0, 1]])
    expect(at(await params(run), "eval", "eval")).toMatchObject({ examples: 1, aborted: true })
  })

  it("cuts long texts and shows what JSON cannot say", async () => {
    const run = await begin()
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    const dataset: readonly unknown[] = ["x".repeat(20_000), 10n, cyclic, { input: Number.NaN, expected: undefined }]
    await trackEval({ run, dataset, task: () => ({ long: "y".repeat(20_000) }), scorers: {} })
    await finished(run)
    const told = (await texts(run)).map((text) => JSON.parse(text) as Json)
    expect(String(at(told[0], "input"))).toBe(`${"x".repeat(10_000)}… (10000 characters more)`)
    expect(String(at(told[0], "output"))).toMatch(/^\{"long":"y{9000,}… \(\d+ characters more\)$/)
    expect(told.slice(1).map((each) => at(each, "input"))).toEqual(["10", "[object Object]", "NaN"])
  })
})

describe("callbacks of training loops", () => {
  it("log epochs by subset, and batches, as TensorFlow.js tells of them", async () => {
    const run = await begin()
    const callback = tfjsCallback(run, { everyBatches: 2, context: { fold: 1 } })
    for (let epoch = 0; epoch < 2; epoch++) {
      callback.onEpochBegin(epoch)
      for (let batch = 0; batch < 3; batch++) callback.onBatchEnd(batch, { batch, size: 32, loss: epoch + batch / 10 })
      callback.onEpochEnd(epoch, { loss: 1 / (epoch + 1), acc: 0.5, val_loss: 2, val_acc: 0.25 })
    }
    callback.onEpochEnd(2)
    await finished(run)
    const [train, val] = [
      { fold: 1, subset: "train" },
      { fold: 1, subset: "val" },
    ]
    expect(await points(run, "loss", train)).toEqual([[0, 1], [1, 0.5]]) // prettier-ignore
    expect(await points(run, "loss", val)).toEqual([[0, 2], [1, 2]]) // prettier-ignore
    expect(await points(run, "acc", val)).toEqual([[0, 0.25], [1, 0.25]]) // prettier-ignore
    expect(await points(run, "batch_loss", train)).toEqual([[1, 0.1], [3, 1], [5, 1.2]]) // prettier-ignore
    expect(await points(run, "batch_size", train)).toEqual([])
  })

  it("log the error as brain.js tells of it", async () => {
    const run = await begin()
    const { callback, callbackPeriod } = brainCallback(run, { period: 5 })
    expect(callbackPeriod).toBe(5)
    for (const iterations of [5, 10]) callback({ iterations, error: 1 / iterations })
    await finished(run)
    expect(await points(run, "error")).toEqual([[5, 0.2], [10, 0.1]]) // prettier-ignore
  })
})
