/** The commands that run one role. */
import { Effect, type Scope } from "effect"
import { settings, type Settings } from "../config.ts"
import { controlWorkerProcess, ingestGatewayProcess, projectorProcess, queryGatewayProcess } from "../roles/processes.ts"
import { logged } from "../observe/logging.ts"
import { traced } from "../observe/tracing.ts"
import { type Command, runUntilTold } from "./command.ts"

interface Role {
  readonly name: string
  readonly summary: string
  readonly help: string
  /** The port that `--port` names. */
  readonly port: "backendPort" | "frontierPort" | "operationsPort"
  readonly start: (settings: Settings) => Effect.Effect<string, unknown, Scope.Scope>
}

const roleCommand = ({ name, summary, help, port, start }: Role): Command => ({
  summary,
  help,
  options: {
    host: { type: "string", value: "address", says: "the address to listen at (HOST)" },
    port: { type: "string", value: "port", says: "the port to listen at" },
    insecure: { type: "boolean", says: "listen at a public address although there is no authentication" },
  },
  run: (options) => {
    const given = typeof options["port"] === "string" ? portOf(options["port"]) : undefined
    if (given === null) {
      process.stderr.write("matyan: --port must be a port from 0 to 65535\n")
      return Promise.resolve(2)
    }
    const chosen = Effect.map(settings, (all) => ({
      ...all,
      insecure: all.insecure || options["insecure"] === true,
      ...(typeof options["host"] === "string" ? { host: options["host"] } : {}),
      ...(given === undefined ? {} : { [port]: given }),
    }))
    return runUntilTold(
      Effect.flatMap(chosen, (all) => Effect.scoped(running(name, start(all))).pipe(traced(all, name), logged(all, name))),
    )
  },
})

/** Null where it is none; nothing at all would be the number 0. */
const portOf = (text: string): number | null => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null)

const running = (name: string, started: Effect.Effect<string, unknown, Scope.Scope>) =>
  Effect.gen(function* () {
    const ready = yield* started
    yield* Effect.sync(() => process.stdout.write(`matyan ${name} is ready: ${ready}\n`))
    return yield* Effect.never
  })

export const ingestGatewayCommand = roleCommand({
  name: "ingest-gateway",
  summary: "only the gateway that takes what runs log (several may run)",
  help: `Takes frames by WebSocket and gives out addresses for uploads; it answers once the log has what it was sent. It needs
the log, the registry and the objects, and works on while the store is away.

  MATYAN_LOG=kafka matyan ingest-gateway
`,
  port: "frontierPort",
  start: ingestGatewayProcess,
})

export const queryGatewayCommand = roleCommand({
  name: "query-gateway",
  summary: "only the gateway that answers reads and takes commands (several may run)",
  help: `REST for browsers and clients. It reads the projections, however far they are (X-Matyan-Lag tells), and appends commands.

  MATYAN_LOG=kafka MATYAN_STORE=fdb matyan query-gateway
`,
  port: "backendPort",
  start: queryGatewayProcess,
})

export const projectorCommand = roleCommand({
  name: "projector",
  summary: "only the worker that folds the log (several share the partitions)",
  help: `Follows the log and folds it into the store, from where the checkpoints stand. When one ends, the others take over its
partitions.

  MATYAN_LOG=kafka MATYAN_STORE=fdb matyan projector
`,
  port: "operationsPort",
  start: projectorProcess,
})

export const controlWorkerCommand = roleCommand({
  name: "control-worker",
  summary: "only the worker that empties the trash and does the jobs that are due",
  help: `Deletes for good what has been in the trash for MATYAN_TRASH_HOURS, with its objects. Several may run.

  MATYAN_LOG=kafka MATYAN_STORE=fdb MATYAN_BLOBS=s3 matyan control-worker
`,
  port: "operationsPort",
  start: controlWorkerProcess,
})
