#!/usr/bin/env -S node --max-semi-space-size=16
/** The command line: `matyan <command>`. */
import { existsSync } from "node:fs"
import { basename } from "node:path"
import { parseArgs, type ParseArgsConfig } from "node:util"
import { backupCommand } from "./commands/backup.ts"
import { dumpCommand } from "./commands/dump.ts"
import { doctorCommand } from "./commands/doctor.ts"
import { cleanupOrphanBlobsCommand } from "./commands/cleanup-orphan-blobs.ts"
import { cleanupTombstonesCommand } from "./commands/cleanup-tombstones.ts"
import { finishStaleCommand } from "./commands/finish-stale.ts"
import { deadLettersCommand } from "./commands/dead-letters.ts"
import { demoCommand } from "./commands/demo.ts"
import { eventsCommand } from "./commands/events.ts"
import { generationsCommand } from "./commands/generations.ts"
import { rebuildCommand } from "./commands/rebuild.ts"
import { restoreCommand } from "./commands/restore.ts"
import { serveCommand } from "./commands/serve.ts"
import { controlWorkerCommand, ingestGatewayCommand, projectorCommand, queryGatewayCommand } from "./commands/roles.ts"
import { syncCommand } from "./commands/sync.ts"
import { topicsCommand } from "./commands/topics.ts"
import { verifyCommand } from "./commands/verify.ts"
import type { Command, Option } from "./commands/command.ts"
import { settingsHelp } from "./config.ts"
import { version } from "./version.ts"

const commands: Readonly<Record<string, Command>> = {
  serve: serveCommand,
  "ingest-gateway": ingestGatewayCommand,
  "query-gateway": queryGatewayCommand,
  projector: projectorCommand,
  "control-worker": controlWorkerCommand,
  topics: topicsCommand,
  doctor: doctorCommand,
  "finish-stale": finishStaleCommand,
  "cleanup-orphan-blobs": cleanupOrphanBlobsCommand,
  "cleanup-tombstones": cleanupTombstonesCommand,
  demo: demoCommand,
  events: eventsCommand,
  dump: dumpCommand,
  verify: verifyCommand,
  rebuild: rebuildCommand,
  backup: backupCommand,
  restore: restoreCommand,
  generations: generationsCommand,
  "dead-letters": deadLettersCommand,
  sync: syncCommand,
}

/** The reference's programs and their commands, by what they are called here. */
const formerNames: Readonly<Record<string, string>> = {
  "matyan-backend start": "query-gateway",
  "matyan-backend ingest-worker": "projector",
  "matyan-frontier start": "ingest-gateway",
  "ingest-worker": "projector",
  backend: "query-gateway",
  frontier: "ingest-gateway",
}

const overview = (): string => `matyan ${version}: a self-hosted experiment tracker

Usage: matyan <command> [options]        (matyan <command> --help tells more)

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(21)} ${summary}`)
  .join("\n")}

A first run, once "matyan serve" is up:
  pip install matyan-client==0.3.0
  python -c "from matyan_client import Run; r = Run(experiment='first'); r.track(0.5, name='loss'); r.close()"

Settings, as environment variables (or in .env):
${settingsHelp()}
`

const helpOf = (name: string, { summary, help, options, words }: Command): string => `matyan ${name}: ${summary}

Usage: matyan ${name} ${words === undefined ? "" : `${words} `}[options]

${help}
Options:
${optionLines({ ...options, help: { type: "boolean", says: "this text" } })}
`

const optionLines = (options: Readonly<Record<string, Option>>): string =>
  Object.entries(options)
    .map(
      ([name, { type, says, value }]) => `  --${(type === "string" ? `${name} <${value ?? "value"}>` : name).padEnd(18)} ${says}`,
    )
    .join("\n")

const main = async (): Promise<number> => {
  if (existsSync(".env")) process.loadEnvFile()
  const [called = "--help", ...rest] = process.argv.slice(2)
  const name = formerNames[`${basename(process.argv[1] ?? "")} ${called}`] ?? formerNames[called] ?? called
  if (name === "--help" || name === "-h" || name === "help") return say(overview())
  if (name === "--version") return say(`${version}\n`)
  const command = commands[name]
  if (command === undefined) return complain(`there is no command "${name}"; "matyan --help" lists them`)
  const parsed = parse(rest, command)
  if ("problem" in parsed) return complain(`${parsed.problem}; "matyan ${name} --help" lists the options`)
  if (parsed.values["help"] === true) return say(helpOf(name, command))
  return command.run(parsed.values, parsed.words)
}

const parse = (args: string[], { options, words }: Command) => {
  const described: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean" } }
  for (const [option, { type }] of Object.entries(options)) described[option] = { type }
  try {
    const { values, positionals } = parseArgs({
      args,
      options: described,
      strict: true,
      allowPositionals: words !== undefined,
    })
    // No option is described as one that may be given several times.
    return { values: values as Readonly<Record<string, string | boolean>>, words: positionals }
  } catch (error) {
    // What Node says of a value that begins with a dash has three lines.
    return { problem: (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ").replace(/\.$/, "") }
  }
}

const say = (text: string): number => {
  process.stdout.write(text)
  return 0
}

const complain = (text: string): number => {
  process.stderr.write(`matyan: ${text}\n`)
  return 2
}

// A reader that has seen enough, such as `head`, is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
  throw error
})

process.exitCode = await main()
