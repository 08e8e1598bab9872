/** Clients that log at once into a few runs, through whatever happens to the system, and know what must be there in the end. */
import { expect } from "vitest"
import { metric, openSocket } from "./client-frames.ts"
import { Hammer } from "./hammer.ts"
import { at, type Json, type Rest, restOf } from "./rest.ts"
import type { Server } from "./server.ts"
import { until } from "./wait.ts"

type Gateway = Pick<Server, "frontierUrl">

/** Five clients of three runs. */
export class Load {
  acknowledged = 0
  readonly #random: () => number
  readonly #hammers: readonly Hammer[]
  #connections: Promise<void> = Promise.resolve()
  #onAcknowledged = (): void => undefined

  /** `mark` keeps the runs of several loads on one system apart; `restMs` is how long a client rests after each reply. */
  constructor(random: () => number, mark = "", restMs = 0) {
    this.#random = random
    this.#hammers = ["a1", "a2", "b1", "c1", "c2"].map(
      ([run = "", place]) =>
        new Hammer(mark.padEnd(32, run), place === "1" ? "" : "second ", random, () => this.#acknowledge(), restMs),
    )
  }

  /** Ends when all connections are lost, or when it is told to finish. Clients of one run go to gateways in turn. */
  connect(...gateways: readonly [Gateway, ...Gateway[]]): Promise<void> {
    const connecting = this.#hammers.map((hammer, i) =>
      hammer.connect((gateways[i % gateways.length] ?? gateways[0]).frontierUrl),
    )
    this.#connections = Promise.all(connecting).then(() => undefined)
    return this.#connections
  }

  /**
   * After so many more replies, wherever those fall among the server's commits, or when all connections are lost. Some are
   * cut on the way, unless told not to: what the server took is then sent again though it lives.
   */
  async reached(replies: number, connections: Promise<void>, isCutting = true): Promise<void> {
    const goal = this.acknowledged + replies
    const cuts = this.#hammers.map((hammer) => ({ hammer, at: this.acknowledged + Math.floor(this.#random() * 200) }))
    const enough = new Promise<void>((resolve) => {
      this.#onAcknowledged = () => {
        for (const { hammer, at } of cuts) if (isCutting && this.acknowledged === at) hammer.cut()
        if (this.acknowledged >= goal) resolve()
      }
      this.#onAcknowledged()
    })
    await Promise.race([enough, connections])
  }

  #acknowledge(): void {
    this.acknowledged += 1
    this.#onAcknowledged()
  }

  /** How often a client lost its socket though nobody here had cut it. */
  get losses(): number {
    return this.#hammers.reduce((sum, { losses }) => sum + losses, 0)
  }

  /** Nothing new; waits until everything has its reply. */
  async finish(server: Gateway): Promise<void> {
    for (const hammer of this.#hammers) hammer.finish()
    await this.#connections
    await this.connect(server)
    for (const { open, errors } of this.#hammers) expect({ open, errors }).toEqual({ open: 0, errors: [] })
  }

  /** To be asked when it is finished; waits for the projections. */
  async expectAll({ backendUrl, frontierUrl }: Server): Promise<void> {
    const rest = restOf(backendUrl)
    for (const [run, hammers] of Map.groupBy(this.#hammers, (hammer) => hammer.run)) {
      await foldedTo(await lastPoint(frontierUrl, run), rest, run)
      await expectAll(rest, hammers)
    }
  }
}

/** A run's events are folded in their order, so what shows its last one shows all. */
const lastPoint = async (frontierUrl: string, run: string): Promise<string> => {
  const name = `last ${crypto.randomUUID()}`
  const socket = await openSocket(frontierUrl, run)
  expect(await socket.send(metric(name, 0, 1))).toEqual({ status: "ok", error: null })
  socket.close()
  return name
}

const foldedTo = async (name: string, rest: Rest, run: string): Promise<void> => {
  const ask = () => rest.ask("POST", `/runs/${run}/metric/get-batch/`, [{ name, context: {} }])
  await until("the last point to be folded", ask, ({ body }) => at(body, 0, "values", 0) === 1)
}

const expectAll = async (rest: Rest, hammers: readonly Hammer[]): Promise<void> => {
  const run = hammers[0]?.run ?? ""
  for (const { said } of hammers)
    for (const [series, points] of said.points) {
      const [, name = "", context = ""] = /^(.*) (\{.*\})$/.exec(series) ?? []
      const ask = [{ name, context: JSON.parse(context) as Json }]
      const { body } = await rest.ask("POST", `/runs/${run}/metric/get-batch/?record_density=0`, ask)
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
