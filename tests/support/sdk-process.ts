/** A process that logs and ends in a way that it is told: `node sdk-process.ts <way> <place> <url>`. */
import { readFileSync } from "node:fs"
import { init } from "../../sdk/node.ts"

const [way, place, url] = process.argv.slice(2)
const id = "run-of-a-process"
const finishTimeout = way === "floods" ? 300_000 : 100
const run = await init({ url: url!, spool: { place: place! }, id, quiet: true, finishTimeout })

/** MiB that are the process's own. */
const anonymous = (): number => Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024

const waitWithoutTurn = (millis: number): void => {
  const end = performance.now() + millis
  while (performance.now() < end);
}

const ways: Readonly<Record<string, () => void | Promise<unknown>>> = {
  /** The program comes to its end, and nobody said `finish`. */
  ends: () => run.log({ loss: 1 }),
  exits: () => {
    run.log({ loss: 1 })
    process.exit(3)
  },
  throws: () => {
    run.log({ loss: 1 })
    throw new Error("a fault of the program")
  },
  /** Never lets a timer run, and waits to be killed. */
  spins: () => {
    for (let step = 0; step < 5; step++) {
      run.log({ loss: step }, { step })
      waitWithoutTurn(15)
    }
    process.stdout.write("logged\n")
    waitWithoutTurn(60_000)
  },
  /** Logs ten million points as fast as it can, and says by how many MiB it grew at most after the first million, and how it ended. */
  floods: async () => {
    let first = 0
    let most = 0
    const timer = setInterval(() => (most = Math.max(most, anonymous())), 20)
    for (let step = 0; step < 10_000_000; step++) {
      run.log({ loss: step }, { step })
      if (step === 1_000_000) first = most = anonymous()
      if (step % 20_000 === 0) await new Promise((turn) => setImmediate(turn))
    }
    const { state, dropped } = await run.finish()
    clearInterval(timer)
    process.stdout.write(JSON.stringify({ grown: most - first, state, dropped }))
  },
  finishes: async () => {
    run.log({ loss: 1 })
    process.stdout.write(`${(await run.finish()).state}\n`)
  },
}
await ways[way!]!()
