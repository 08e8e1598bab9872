/** Clients that log at once into a few runs, through whatever happens to the system, and know what must be there in the end. */
import { expect } from "vitest"
import { Hammer } from "./hammer.ts"
import { at, type Json, type Rest } from "./rest.ts"
import type { Server } from "./server.ts"
import { until } from "./wait.ts"

/** Five clients of three runs. */
export class Load {
  acknowledged = 0
  readonly #random: () => number
  readonly #hammers: readonly Hammer[]
  #onAcknowledged = (): void => undefined

  constructor(random: () => number) {
    this.#random = random
    this.#hammers = ["a1", "a2", "b1", "c1", "c2"].map(
      ([run = "", place]) =>
        new Hammer(run.repeat(32), place === "1" ? "" : "second ", random, () => {
          this.acknowledged += 1
          this.#onAcknowledged()
        }),
    )
  }

  async connect({ frontierUrl }: Server): Promise<void> {
    await Promise.all(this.#hammers.map((hammer) => hammer.connect(frontierUrl)))
  }

  /** After so many more replies, wherever those fall among the server's commits, or when all connections are lost. */
  async reached(replies: number, connections: Promise<void>): Promise<void> {
    const goal = this.acknowledged + replies
    // Some connections are cut on the way: what the server took is then sent again though it lives.
    const cuts = this.#hammers.map((hammer) => ({ hammer, at: this.acknowledged + Math.floor(this.#random() * 200) }))
    const enough = new Promise<void>((resolve) => {
      this.#onAcknowledged = () => {
        for (const { hammer, at } of cuts) if (this.acknowledged === at) hammer.cut()
        if (this.acknowledged >= goal) resolve()
      }
      this.#onAcknowledged()
    })
    await Promise.race([enough, connections])
  }

  /** Nothing new; waits until everything has its reply. */
  async finish(server: Server): Promise<void> {
    for (const hammer of this.#hammers) hammer.finish()
    await this.connect(server)
    for (const { open, errors } of this.#hammers) expect({ open, errors }).toEqual({ open: 0, errors: [] })
  }

  async expectAll(rest: Rest): Promise<void> {
    for (const run of new Set(this.#hammers.map((hammer) => hammer.run)))
      await expectAll(
        rest,
        this.#hammers.filter((hammer) => hammer.run === run),
      )
  }
}

const expectAll = async (rest: Rest, hammers: readonly Hammer[]): Promise<void> => {
  const run = hammers[0]?.run ?? ""
  for (const { said } of hammers)
    for (const [series, points] of said.points) {
      const [, name = "", context = ""] = /^(.*) (\{.*\})$/.exec(series) ?? []
      const ask = [{ name, context: JSON.parse(context) as Json }]
      const get = () => rest.ask("POST", `/runs/${run}/metric/get-batch/?record_density=0`, ask)
      const isWhole = ({ body }: { readonly body: Json }) =>
        (at(body, 0, "iters") as readonly Json[] | undefined)?.length === points.size
      const { body } = await until(`${points.size} points of ${series}`, get, isWhole)
      const steps = [...points.keys()].toSorted((a, b) => a - b)
      expect(at(body, 0, "iters"), series).toEqual(steps)
      expect(at(body, 0, "values"), series).toEqual(steps.map((step) => points.get(step)))
    }
  const said = hammers[0]?.said
  if (said === undefined) return
  const { log_records_count, ...records } = await rest.tree(`/runs/${run}/log-records/?record_range=0:`)
  const messages = Object.values(records).map((record) => at(record, "message"))
  expect(log_records_count).toBe(said.records.length)
  expect(messages.toSorted()).toEqual(said.records.toSorted())
  expect(await rest.tree(`/runs/${run}/logs/?record_range=0:`)).toEqual(Object.fromEntries(said.lines))
  const query = encodeURIComponent(`run.hash == "${run}"`)
  const texts = at(await rest.tree(`/runs/search/texts/?record_density=0&index_density=0&q=${query}`), run, "traces", 0)
  const steps = (at(texts, "iters") ?? []) as readonly (number & Json)[]
  expect(new Map(steps.map((step, i) => [step, at(texts, "values", i, 0, "data")]))).toEqual(
    new Map([...said.texts].toSorted(([a], [b]) => a - b)),
  )
  const info = await rest.get(`/runs/${run}/info/`)
  expect(Object.keys((at(info, "params", "hparams") ?? {}) as object).toSorted()).toEqual([...said.params.keys()].toSorted())
  expect((at(info, "props", "tags") as readonly Json[]).map((tag) => at(tag, "name")).toSorted()).toEqual(
    [...said.tags].toSorted(),
  )
}
