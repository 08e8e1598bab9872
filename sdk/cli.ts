#!/usr/bin/env node
/** The package's own command line: `npx @matyan/sdk sync`. */
import { parseArgs } from "node:util"
import { sync, syncHelp, syncOptions, syncSummary } from "./node/sync.ts"

const optionLines = Object.entries({ ...syncOptions, help: { type: "boolean", says: "this text" } as const })
  .map(([name, option]) => `  --${("value" in option ? `${name} <${option.value}>` : name).padEnd(18)} ${option.says}\n`)
  .join("")

const help = `matyan sync: ${syncSummary}

Usage: npx @matyan/sdk sync [options]

${syncHelp}
Options:
${optionLines}`

const complain = (text: string): number => {
  process.stderr.write(`matyan: ${text}\n`)
  return 2
}

const main = async (args: readonly string[]): Promise<number> => {
  const [command = "--help", ...rest] = args
  if (command === "--help" || command === "-h" || rest.includes("--help")) {
    process.stdout.write(help)
    return 0
  }
  if (command !== "sync") return complain(`there is no command "${command}", only "sync"`)
  try {
    return await sync(parseArgs({ args: rest, options: syncOptions, strict: true }).values, {
      out: process.stdout,
      errors: process.stderr,
    })
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error))
  }
}

process.exitCode = await main(process.argv.slice(2))
