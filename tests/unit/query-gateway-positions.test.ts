import { describe, expect, test } from "vitest"
import { type Lag, lagText, meterOf } from "../../gateways/lag.ts"
import { FaultyLog } from "../support/faulty-log.ts"
import { goldenStore } from "../support/golden-store.ts"
import { until } from "../support/wait.ts"

const path = "/api/v1/rest/experiments"
const away = { position: "control-events/0/999" }

describe("a read that asks for a position", () => {
  test("is answered when it is visible, by header and by address", async () => {
    const { server } = await goldenStore()
    const made = await server.inject({ method: "POST", url: path, payload: { name: "seen" } })
    const position = String(made.headers["x-matyan-position"])
    expect(position).toMatch(/^control-events\/0\/\d+$/)
    for (const request of [{ headers: { "x-matyan-position": `${position}, ${position}` } }, { query: { position } }]) {
      const { statusCode, body } = await server.inject({ method: "GET", url: path, ...request })
      expect([statusCode, body]).toEqual([200, expect.stringContaining('"seen"')])
    }
  })

  test("that does not come in time is refused with the lag, never answered with less", async () => {
    const { server } = await goldenStore({ projecting: "until-made", waitMillis: 1_000 })
    const made = await server.inject({ method: "POST", url: path, payload: { name: "unseen" } })
    const position = String(made.headers["x-matyan-position"])
    const { statusCode, headers, body } = await server.inject({ method: "GET", url: path, query: { position } })
    expect([statusCode, headers["retry-after"]]).toEqual([503, "1"])
    expect(JSON.parse(body)).toMatchObject({ error: { code: "behind" }, message: expect.stringContaining(position) })
    expect((await server.inject({ method: "GET", url: path })).statusCode).toBe(200)
    const told = await until(
      "the lag",
      async () => (await server.inject({ method: "GET", url: path })).headers["x-matyan-lag"],
      (lag) => lag === "1" || lag === 1,
    )
    expect(Number(told)).toBe(1)
    expect((await server.inject({ method: "GET", url: "/health/ready" })).json().checks.projector).toBe(
      "1 events behind the log (control-events/0: 1)",
    )
  })

  test("that is none is refused", async () => {
    const { server } = await goldenStore({ projecting: "until-made", waitMillis: 1_000 })
    const many = Array.from({ length: 101 }, () => "control-events/0/0").join(",")
    for (const position of ["", "control-events/0", "control-events/0/-1", "other/0/1", "control-events/0/1,", "a/0/1e3", many])
      for (const request of [{ headers: { "x-matyan-position": position } }, { query: { position } }]) {
        const { statusCode, body } = await server.inject({ method: "GET", url: path, ...request })
        expect([position, statusCode, body]).toEqual([position, 400, expect.stringContaining("position")])
      }
  })
})

describe("reads while the log is away", () => {
  test("go on, and say that nobody knows how far behind they are", async () => {
    const log = new FaultyLog()
    const { server } = await goldenStore({ log, waitMillis: 1_000 })
    log.isAway = true
    const answer = await until(
      "an unknown lag",
      () => server.inject({ method: "GET", url: path }),
      ({ headers }) => headers["x-matyan-lag"] === "unknown",
    )
    expect(answer.statusCode).toBe(200)
    const ready = await server.inject({ method: "GET", url: "/health/ready" })
    expect([ready.statusCode, ready.json().checks.log]).toEqual([200, "injected"])
    const asked = await server.inject({ method: "GET", url: path, query: away })
    expect([asked.statusCode, asked.json().error.code]).toEqual([503, "behind"])
  })
})

describe("the lag", () => {
  const lag = (events: number): Lag => ({ events, partitions: new Map([["control-events/0", events]]) })

  test("is asked for once however many want to know it, and again only when a second is over", async () => {
    let [asked, clock] = [0, 0]
    const meter = meterOf(
      async () => lag(++asked),
      () => clock,
    )
    const all = await Promise.all(Array.from({ length: 50 }, () => meter.read()))
    expect(new Set(all.map((one) => one?.events))).toEqual(new Set([1]))
    clock = 999
    expect((await meter.read())?.events).toBe(1)
    clock = 1_500
    await meter.read()
    expect((await meter.read())?.events).toBe(2)
    clock = 60_000
    expect((await meter.read())?.events).toBe(3)
    expect(asked).toBe(3)
  })

  test("is unknown rather than old where the log does not answer", async () => {
    let clock = 0
    const answers = [Promise.resolve(lag(7)), new Promise<Lag>(() => undefined)]
    const meter = meterOf(
      () => answers.shift()!,
      () => clock,
    )
    expect((await meter.read())?.events).toBe(7)
    clock = 60_000
    expect(await meter.read()).toBeNull()
  })

  test("is unknown where measuring it fails, and known again afterwards", async () => {
    let clock = 0
    const answers = [() => Promise.resolve(lag(7)), () => Promise.reject(new Error("injected")), () => Promise.resolve(lag(8))]
    const meter = meterOf(
      () => answers.shift()!(),
      () => clock,
    )
    expect((await meter.read())?.events).toBe(7)
    clock = 60_000
    expect(await meter.read()).toBeNull()
    clock = 120_000
    expect((await meter.read())?.events).toBe(8)
  })

  test("is told in words", () => {
    expect([null, lag(0), lag(3)].map(lagText)).toEqual([
      "unknown: the log or the projections are away",
      "ok",
      "3 events behind the log (control-events/0: 3)",
    ])
  })
})
