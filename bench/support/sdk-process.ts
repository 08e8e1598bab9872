/** A process that logs with the SDK as it is built: `node sdk-process.ts <module> <what> <url> <place>`; prints what it measured. */
import { memory } from "./processes.ts"

const [module, what, url, place] = process.argv.slice(2)
const started = performance.now()
// What is built from sdk/node.ts has its exports.
const { init } = (await import(module!)) as typeof import("../../sdk/node.ts")
const mode = what === "durable" ? "online" : "offline"
const run = await init({ url: url!, mode, spool: { place: place! }, quiet: true, experiment: "bench", finishTimeout: 600_000 })
run.log({ loss: 1 })
const start = performance.now() - started

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Nanoseconds of a call, for each of many stretches of a thousand calls. */
const stretches = async (values: (step: number) => Readonly<Record<string, number>>): Promise<readonly number[]> => {
  const times: number[] = []
  for (let stretch = 0; stretch < 2_000; stretch++) {
    const before = performance.now()
    for (let i = 0; i < 1_000; i++) run.log(values(i))
    times.push((performance.now() - before) * 1_000)
    if (stretch % 20 === 0) await turn()
  }
  return times.slice(times.length / 4)
}

const points = 2_000_000

const durable = async () => {
  const before = performance.now()
  const cpu = process.cpuUsage()
  const own = memory(process.pid).anonymous
  let most = own
  for (let step = 0; step < points / 4; step++) {
    run.log({ a: step, b: step, c: step, d: step })
    if (step % 5_000 !== 0) continue
    await turn()
    most = Math.max(most, memory(process.pid).anonymous)
  }
  const isSent = await run.flush(600_000)
  if (!isSent) throw new Error(`not all was sent: ${JSON.stringify(run.status())}`)
  const seconds = (performance.now() - before) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  return { points, seconds, cpuSeconds: (user + system) / 1e6, grown: most - own }
}

const measured = async () => {
  if (what === "log") return { one: await stretches((i) => ({ loss: i })), two: await stretches((i) => ({ loss: i, acc: i })) }
  return what === "durable" ? durable() : { start }
}

const result = await measured()
await run.finish()
process.stdout.write(JSON.stringify(result))
