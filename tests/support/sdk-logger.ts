/** A process that logs with the SDK until it is told to finish; see sdk-loggers.ts. */
import { init } from "../../sdk/node.ts"
import type { Heard, LoggerTask, Told } from "./sdk-loggers.ts"

// Its only caller writes it so.
const task = JSON.parse(process.argv[2] ?? "") as LoggerTask
const tell = (told: Told): void => void process.send?.(told)
const told = { isToFinish: false }
process.on("message", (heard: Heard) => {
  told.isToFinish = heard === "finish"
})
// Whoever started it is gone.
process.on("disconnect", () => process.exit(1))

const { url, place, base, join } = task
const run = await init({ url, spool: { place }, resume: task.run, join, console: true, quiet: true, finishTimeout: 120_000 })
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

let count = 0
for (let turn = 0; !told.isToFinish; turn++) {
  for (let burst = 1 + ((turn * 7) % 40); burst > 0; burst--) {
    run.log({ loss: base + count })
    run.log({ stepped: base + count }, { step: base + count, epoch: turn, context: { subset: "train" } })
    count++
  }
  if (turn % 5 === 0) run.info(String(base + count), { turn })
  if (turn % 4 === 0) console.log(String(base + count))
  if (turn % 50 === 10) {
    const path = `models/${base + count}.txt`
    void run.artifact({ text: `weights of ${base + count}` }, { path }).then(({ state }) => {
      if (state === "uploaded") tell({ uploaded: path })
    })
  }
  if (turn % 3 === 0) {
    void run.flush(0)
    tell({ spooled: count })
  }
  await pause(turn % 4)
}
const { state, dropped, problems } = await run.finish()
tell({ finished: { count, state, dropped, problems } })
process.disconnect()
