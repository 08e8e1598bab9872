/**
 * Logs pictures and artifacts until it is killed: `node sdk-media-process.ts RUN FROM`. Says each one on a line of its own when the
 * call has returned: what was said was logged.
 */
import { setImmediate } from "node:timers/promises"
import { init } from "../../sdk/node.ts"

const [id = "", from = "0"] = process.argv.slice(2)
const run = await init({ resume: id, quiet: true })
for (let i = Number(from); ; i++) {
  run.image("shown", Buffer.from(`<svg><!-- ${i} --></svg>`))
  void run.artifact({ text: `content ${i}` }, { path: `files/${i}.txt` })
  process.stdout.write(`${i}\n`)
  await setImmediate()
}
