import { afterEach, expect, it } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { Hammer, seeded } from "../support/hammer.ts"
import { at, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, ending, type Server, spawnServer, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const kills = Number(process.env["MATYAN_KILLS"] ?? 15)
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)

it("Law 9, Law 3, Law 1: killed at any moment under load, it keeps what it acknowledged, once, and equals its log", async () => {
  process.stdout.write(`${kills} kills, MATYAN_SEED=${seed}\n`)
  const random = seeded(seed)
  let acknowledged = 0
  let onAcknowledged = (): void => undefined
  const hammers = ["a1", "a2", "b1", "c1", "c2"].map(
    ([run = "", place]) =>
      new Hammer(run.repeat(32), place === "1" ? "" : "second ", random, () => {
        acknowledged += 1
        onAcknowledged()
      }),
  )
  let server = await startServer(freshFolder())
  for (let kill = 0; kill < kills; kill++) {
    const connections = hammers.map((hammer) => hammer.connect(server.frontierUrl))
    // Some connections are cut on the way: what the server took is then sent again though it lives.
    // One in five dies while it recovers, the others after so many more replies, however those fall among its commits.
    const goal = acknowledged + Math.floor(random() * 120)
    const cuts = hammers.map((hammer) => ({ hammer, at: acknowledged + Math.floor(random() * 200) }))
    await new Promise<void>((resolve) => {
      onAcknowledged = () => {
        for (const { hammer, at } of cuts) if (acknowledged === at) hammer.cut()
        if (acknowledged >= goal) resolve()
      }
      onAcknowledged()
      void Promise.all(connections).then(() => resolve())
    })
    await server.kill()
    await Promise.all(connections)
    if (kill % 5 === 4) await killDuringStart(server, random() * 1500)
    server = await server.restart()
    if (kill % 5 === 2) expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  }
  for (const hammer of hammers) hammer.finish()
  await Promise.all(hammers.map((hammer) => hammer.connect(server.frontierUrl)))
  process.stdout.write(`${acknowledged} frames acknowledged\n`)

  for (const { open, errors } of hammers) expect({ open, errors }).toEqual({ open: 0, errors: [] })
  expect(acknowledged).toBeGreaterThan(kills)
  for (const run of new Set(hammers.map((hammer) => hammer.run)))
    await expectAll(
      restOf(server.backendUrl),
      hammers.filter((hammer) => hammer.run === run),
    )
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  const hash = await server.dumpHash()
  await server.stop()
  server = await server.restart()
  expect(await server.dumpHash()).toBe(hash)
  await server.stop()
})

/** A start that dies after so many milliseconds, wherever it then is. */
const killDuringStart = async ({ folder }: Server, milliseconds: number): Promise<void> => {
  const child = spawnServer(folder)
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  child.kill("SIGKILL")
  await ending(child)
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
