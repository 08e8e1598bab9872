import { afterEach, expect, it } from "vitest"
import { Deeds } from "../support/crash/deeds.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { endAll, ending, type Server, spawnServer, startServer } from "../support/server.ts"

afterEach(endAll)

const kills = Number(process.env["MATYAN_KILLS"] ?? 10)
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)

const laws = "it keeps what it acknowledged, once, and equals its log"

it(`Law 9, Law 3, Law 1: killed at any moment under load, ${laws}`, () => ended(kills, "kill"))

it(`Law 9, Law 3, Law 1: told to end under load, it ends well, and ${laws}`, () => ended(Math.ceil(kills / 4), "stop"))

const ended = async (times: number, how: "kill" | "stop"): Promise<void> => {
  process.stdout.write(`${how} ${times} times, MATYAN_SEED=${seed}\n`)
  const random = seeded(seed)
  const load = new Load(random)
  const deeds = new Deeds()
  let server = await startServer(freshFolder())
  for (let round = 0; round < times; round++) {
    const connections = load.connect(server)
    // Told to end, a server logs what it could not answer any more.
    const people = how === "kill" ? [deeds.makeTags(server), deeds.uploadFiles(server)] : []
    const gone = Promise.allSettled(people)
    await load.reached(Math.floor(random() * 120), connections)
    if (how === "stop" && round === 0) expect(await server.verify(), "under load").toMatch(/^equal: \d+ rows/)
    await server[how]()
    await connections
    await gone
    expectCalm(server)
    // One in five dies while it recovers, too.
    if (how === "kill" && round % 5 === 4) await killDuringStart(server, random() * 1500)
    server = await server.restart()
    if (round % 5 === 2) expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  }
  await load.finish(server)
  process.stdout.write(`${load.acknowledged} frames acknowledged\n`)
  expect(load.acknowledged).toBeGreaterThan(times)
  expectCalm(server)
  await load.expectAll(server)
  await deeds.expectAll(server)
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  const hash = await server.dumpHash()
  await server.stop()
  server = await server.restart()
  expect(await server.dumpHash()).toBe(hash)
  await server.stop()
}

/** Neither gateway nor projector met anything that it had to report. */
const expectCalm = (server: Server): void => {
  const { stdout, stderr } = server.output()
  expect(stderr).toBe("")
  expect(stdout.trim().split("\n")).toHaveLength(1)
}

/** A start that dies after so many milliseconds, wherever it then is. */
const killDuringStart = async ({ folder }: Server, milliseconds: number): Promise<void> => {
  const child = spawnServer(folder)
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  child.kill("SIGKILL")
  await ending(child)
}
