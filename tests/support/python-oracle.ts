import { spawn, spawnSync } from "node:child_process"
import { createInterface } from "node:readline"
import { Float, isMap, type Value, type ValueMap } from "../../domain/value.ts"

export type OracleAnswer = { readonly value: string } | { readonly error: string }

/** Python 3.11 or newer: `MATYAN_TEST_PYTHON`, or else `python3`. */
const python = process.env["MATYAN_TEST_PYTHON"] ?? "python3"

const requirePython = (): void => {
  const asked = spawnSync(python, ["-c", "import sys; print(sys.version_info >= (3, 11))"], { encoding: "utf8" })
  if (asked.stdout?.trim() !== "True")
    throw new Error(`Install Python 3.11 or newer as python3, or name it in MATYAN_TEST_PYTHON (tried ${python})`)
}

/** A value as Python's source would write it. */
export const pythonLiteral = (value: Value): string => {
  if (value === null) return "None"
  if (typeof value === "boolean") return value ? "True" : "False"
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "bigint") return String(value)
  if (value instanceof Float) return Object.is(value.value, -0) ? "-0.0" : value.value.toExponential()
  if (typeof value === "number") return String(value)
  if (isMap(value)) return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item)}`).join(", ")}}`
  return Array.isArray(value) ? `[${value.map(pythonLiteral).join(", ")}]` : "None"
}

/** What one Python process answers to each expression, in order. */
export const askPython = async (attributes: ValueMap, expressions: readonly string[]): Promise<readonly OracleAnswer[]> => {
  requirePython()
  const script = new URL("python-oracle.py", import.meta.url).pathname
  const child = spawn(python, ["-W", "ignore", script], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = [{ attributes: pythonLiteral(attributes) }, ...expressions.map((expression) => ({ expression }))]
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
  const answers: OracleAnswer[] = []
  for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line) as OracleAnswer)
  return answers
}
