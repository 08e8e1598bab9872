import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** The exit code of a process that runs something without an end, and is told to end. */
const codeWhenTold = async (runner: "runCommand" | "runUntilTold", signal: NodeJS.Signals) => {
  const script = `
    import { Effect } from "effect"
    import { ${runner} } from "./infra/commands/command.ts"
    const going = Effect.sync(() => console.log("going")).pipe(Effect.andThen(Effect.sleep("1 hour")))
    process.exitCode = await ${runner}(going)`
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = once(child, "exit")
  await once(child.stdout, "data")
  child.kill(signal)
  return (await ended)[0] as number | null
}

it.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a command that was ended by %s is not taken for done", async (signal, code) => {
  expect(await codeWhenTold("runCommand", signal)).toBe(code)
})

it("what goes on until it is told to end has then ended well", async () => {
  expect(await codeWhenTold("runUntilTold", "SIGTERM")).toBe(0)
})
