/** Uploads a file as an artifact and prints the most memory that the process held, in bytes: `node sdk-large-artifact.ts FILE`. */
import { init } from "../../sdk/node.ts"

const run = await init({ quiet: true, finishTimeout: 300_000 })
const result = await run.artifact(process.argv[2] ?? "", { path: "large.bin" })
const { problems } = await run.finish()
const peak = process.resourceUsage().maxRSS * 1024
process.stdout.write(JSON.stringify({ state: result.state, problems, peak }))
