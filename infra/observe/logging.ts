/** Structured logs: every line has a fixed message, and what varies stands in fields of its own. */
import { Cause, Effect, Layer, Logger, type LogLevel, References } from "effect"
import { type Logger as Pino, pino, type SerializedError, stdSerializers } from "pino"
import { textLines } from "./log-text.ts"

export interface LogSettings {
  readonly logLevel: (typeof logLevels)[number]
  /** `json` for machines, `text` for people; by whether a terminal reads it where it is not set. */
  readonly logFormat: "json" | "text" | undefined
}

/** The last two are what the reference's programs call them. */
export const logLevels = ["debug", "info", "warn", "error", "warning", "critical"] as const

/** Writes to the standard error output, so that what commands print stays their own. `role` stands in every line. */
const logWriter = ({ logLevel, logFormat }: LogSettings, role: string): Pino => {
  const asText = (logFormat ?? (process.stderr.isTTY ? "text" : "json")) === "text"
  const options = {
    level: logLevel === "warning" ? "warn" : logLevel === "critical" ? "fatal" : logLevel,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { error: errorFields },
  }
  return pino(options, asText ? textLines(process.stderr) : pino.destination({ fd: 2, sync: true }))
}

/** Where servers write what goes wrong within requests. What they say when all is well is said once, by whoever starts them. */
export const requestLogs = (settings: LogSettings, role: string): Pino => {
  const writer = logWriter(settings, role)
  if (writer.isLevelEnabled("info")) writer.level = "warn"
  return writer
}

/** An effect whose logs, and those of all that it starts, go to a writer of these settings. */
export const logged =
  (settings: LogSettings, role: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provide(effect, effectLogs(logWriter(settings, role)))

/** Makes what effects log go to a writer. */
const effectLogs = (writer: Pino): Layer.Layer<never> =>
  Layer.merge(
    Logger.layer([Logger.make(({ logLevel, message, cause }) => write(writer, logLevel, message, cause))]),
    Layer.succeed(References.MinimumLogLevel, writer.isLevelEnabled("debug") ? "Debug" : "Info"),
  )

const methods: Readonly<Partial<Record<LogLevel.LogLevel, "fatal" | "error" | "warn" | "info">>> = {
  Fatal: "fatal",
  Error: "error",
  Warn: "warn",
  Info: "info",
}

const write = (writer: Pino, level: LogLevel.LogLevel, message: unknown, cause: Cause.Cause<unknown>): void => {
  const parts = Array.isArray(message) ? (message as readonly unknown[]) : [message]
  const [said, ...rest] = parts
  const error = cause.reasons.length > 0 ? Cause.squash(cause) : rest.find((part) => part instanceof Error || Cause.isCause(part))
  const details = rest.filter((part) => part !== error)
  const fields = {
    ...(error === undefined ? {} : { error: Cause.isCause(error) ? Cause.squash(error) : error }),
    ...(details.length === 0 ? {} : { details }),
  }
  writer[methods[level] ?? "debug"](fields, String(said))
}

/** An error with its tag and what caused it; a stack only where nobody foresaw it. */
const errorFields = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  if (!("_tag" in error)) return stdSerializers.err(error) satisfies SerializedError
  const { _tag, message, cause } = error
  return { type: _tag, message, ...(cause instanceof Error ? { cause: cause.message } : {}) }
}
