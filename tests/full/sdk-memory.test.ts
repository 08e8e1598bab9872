import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const script = new URL("../support/sdk-process.ts", import.meta.url).pathname
const id = "run-of-a-process"

afterAll(endAll)

describe("a process that logs ten million points faster than they are sent", () => {
  it("does not grow with their number, and all of them are folded", async () => {
    const server = await startServer(freshFolder())
    const { stdout } = await promisify(execFile)(process.execPath, [script, "floods", freshFolder(), server.frontierUrl])
    const { grown, state, dropped } = JSON.parse(stdout) as {
      readonly grown: number
      readonly state: string
      readonly dropped: number
    }
    expect({ state, dropped }).toEqual({ state: "finished", dropped: 0 })
    // What V8 leaves to its next collection of buffers is some tens of MiB; the points are 150 MiB and more.
    expect(grown).toBeLessThan(96)
    const rest = restOf(server.backendUrl)
    const last = (): Promise<{ readonly body: Json }> =>
      rest.ask("POST", `/runs/${id}/metric/get-batch/?record_density=10`, [{ name: "loss", context: {} }])
    const lastOf = (body: Json): Json | undefined => (at(body, 0, "iters") as readonly Json[] | undefined)?.at(-1)
    await until("the last point", last, ({ body }) => lastOf(body) === 9_999_999, 120)
  })
})
