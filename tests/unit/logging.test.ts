import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"

/** What a process of its own writes to its standard error output, line by line. */
const logged = (settings: object, program: string): readonly string[] => {
  const source = `
    import { Effect } from "effect"
    import { LogUnavailable } from "./domain/ports/event-log.ts"
    import { logged, requestLogs } from "./infra/observe/logging.ts"
    const settings = ${JSON.stringify(settings)}
    ${program}`
  const { stderr, stdout, status } = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    encoding: "utf8",
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" })
  return stderr.split("\n").filter(Boolean)
}

const program = `
  const fault = new LogUnavailable({ message: "the log cannot be read", cause: new Error("ECONNREFUSED") })
  await Effect.runPromise(logged(settings, "projector")(Effect.all([
    Effect.logDebug("hidden"),
    Effect.logWarning("the projector waits", fault),
    Effect.logError("unforeseen", new TypeError("x is not a function")),
  ])))`

test("a line of JSON has a fixed message, the role, and the fault in fields", () => {
  const lines = logged({ logLevel: "info", logFormat: "json" }, program).map((line) => JSON.parse(line) as unknown)
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatchObject({
    level: "warn",
    role: "projector",
    msg: "the projector waits",
    error: { type: "LogUnavailable", message: "the log cannot be read", cause: "ECONNREFUSED" },
  })
  expect(lines[1]).toMatchObject({ level: "error", msg: "unforeseen", error: { type: "TypeError", stack: expect.any(String) } })
})

test("people read the same as text", () => {
  const [line] = logged({ logLevel: "WARN".toLowerCase(), logFormat: "text" }, program)
  expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}the projector waits error=\{"type":"LogUnavailable"/)
})

test("the reference's names of levels are taken, and less than the level is not written", () => {
  expect(logged({ logLevel: "critical", logFormat: "json" }, program)).toEqual([])
  expect(logged({ logLevel: "warning", logFormat: "json" }, program)).toHaveLength(2)
})

test("requests that go well are not logged; one that fails is", () => {
  const lines = logged(
    { logLevel: "info", logFormat: "json" },
    `
    const writer = requestLogs(settings, "query-gateway")
    writer.info("a request")
    writer.error({ error: new Error("no") }, "a request failed")`,
  )
  expect(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).toEqual(["a request failed"])
})
