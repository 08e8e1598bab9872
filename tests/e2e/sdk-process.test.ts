/** What is in the spool when a process ends, however it does; there is no server. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { describe, expect, it, onTestFinished } from "vitest"
import { decodeFrame } from "../../domain/frame-decode.ts"
import { nodePlatform } from "../../sdk/node/platform.ts"
import { freshFolder } from "../support/folders.ts"

const script = new URL("../support/sdk-process.ts", import.meta.url).pathname
const nowhere = "http://127.0.0.1:9"

interface Ended {
  readonly code: number | null
  readonly output: string
  /** What is in the spool: the messages' types, and the values of `loss`. */
  readonly types: readonly string[]
  readonly losses: readonly number[]
}

/** Runs it to its end, which comes by SIGKILL once it has said something where that is asked for. */
const ended = async (way: string, isKilled = false): Promise<Ended> => {
  const place = freshFolder()
  const child = spawn(process.execPath, [script, way, place, nowhere], { stdio: ["ignore", "pipe", "ignore"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
    if (isKilled) child.kill("SIGKILL")
  })
  const [code] = (await once(child, "close")) as [number | null]
  return { code, output, ...(await keptAt(place)) }
}

const keptAt = async (place: string): Promise<Pick<Ended, "types" | "losses">> => {
  const spools = await nodePlatform.leftovers({ place, mostBytes: 2 ** 30 })
  const types: string[] = []
  const losses: number[] = []
  for (const spool of spools) {
    for (const { bytes } of await spool.read(0, Number.MAX_SAFE_INTEGER)) {
      const frame = decodeFrame(bytes)
      if (typeof frame === "string") throw new Error(frame)
      for (const section of frame.sections)
        if (section.kind === "points") losses.push(...section.values)
        else types.push(...(JSON.parse(section.json) as { readonly type: string }[]).map(({ type }) => type))
    }
    await spool.close()
  }
  return { types, losses }
}

describe("a process that logs", () => {
  it.each([
    ["ends", 0],
    ["exits", 3],
    ["throws", 1],
    ["finishes", 0],
  ])("leaves all that it logged, and its run's end, when it %s", async (way, code) => {
    expect(await ended(way)).toEqual({
      code,
      output: way === "finishes" ? "left-in-spool\n" : "",
      types: ["create_run", "finish_run"],
      losses: [1],
    })
  })

  it("leaves what it logged until 10 ms ago when it is killed, even if it never let a timer run", async () => {
    const { types, losses } = await ended("spins", true)
    expect(types).toEqual(["create_run"])
    expect(losses.slice(0, 4)).toEqual([0, 1, 2, 3])
  })
})
