/** A Python process with the stock client that does what a test tells it, statement by statement. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Json } from "./rest.ts"

const script = fileURLToPath(new URL("../full/steered.py", import.meta.url))

export interface SteeredPython {
  /** Runs a statement of one line; resolves with what it assigned to `answer`, rejects with its exception. */
  readonly run: (statement: string) => Promise<Json>
  /** Ends the process as a script ends: the interpreter closes what is open. Resolves with its exit code. */
  readonly end: () => Promise<number | null>
}

export const steeredPython = (interpreter: string, folder: string, env: Readonly<Record<string, string>>): SteeredPython => {
  const child = spawn(interpreter, [script], { cwd: folder, env, stdio: ["pipe", "pipe", "ignore"] })
  running.add(child)
  const ended = once(child, "exit").then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    run: async (statement) => {
      child.stdin.write(`${statement}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`Python ended at: ${statement}`)
      const said = JSON.parse(value as string) as { readonly ok: Json } | { readonly error: string }
      if ("error" in said) throw new Error(`${statement}: ${said.error}`)
      return said.ok
    },
    end: () => {
      child.stdin.end()
      return ended
    },
  }
}

const running = new Set<ReturnType<typeof spawn>>()

/** Ends the processes that a failed test left; for `afterEach` or `afterAll`. */
export const endPython = (): void => {
  for (const child of running) child.kill("SIGKILL")
}
