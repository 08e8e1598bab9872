/** Events that cannot be folded, as an operator meets them: listed, looked at, tried again, given up. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { afterEach, expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { AnyEvent, AnyFact } from "../../events/index.ts"
import { EventCodec, eventCodec } from "../../infra/avro/codec.ts"
import { deadLettersCommand } from "../../infra/commands/dead-letters.ts"
import { lmdbLog } from "../../infra/lmdb/event-log.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const poison = (runId: string): AnyFact => ({
  type: "AttributesSet",
  data: { runId, paths: [["a"]], values: [Uint8Array.of(0xc1)] },
})

/** A log that puts descriptions down cut short, as a torn or foreign writer would. */
const cuttingLog = (folder: string) => {
  const codec = Layer.effect(
    EventCodec,
    Effect.map(EventCodec, (whole) => ({
      ...whole,
      encode: (event: AnyEvent) => ({
        ...whole.encode(event),
        ...(event.type === "RunDescribed" ? { bytes: Uint8Array.of(0, 0, 0, 0, 1, 2) } : {}),
      }),
    })),
  ).pipe(Layer.provide(eventCodec()))
  const registry = lmdbRegistry({ folder: join(folder, "registry") })
  return lmdbLog({ folder: join(folder, "log") }).pipe(Layer.provide(codec), Layer.provide(registry))
}

it("are told by the gateway and the command line, stay after a retry that is in vain, and are discarded for ever", async () => {
  const folder = freshFolder()
  const renamed: AnyFact = { type: "RunRenamed", data: { runId: "run", name: "after" } }
  const facts: readonly AnyFact[] = [poison("run"), renamed, { type: "RunDescribed", data: { runId: "run", description: "cut" } }]
  const filled = EventLog.use((log) => log.append(facts.map((fact, i) => stamped(fact, 1_700_000_000, { seq: i, writer: "w" }))))
  const positions = await Effect.runPromise(filled.pipe(Effect.provide(cuttingLog(folder))))
  const [first, , second] = positions.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)
  const server = await startServer(folder)
  const env = { MATYAN_BACKEND_PORT: new URL(server.backendUrl).port }
  const rest = restOf(server.backendUrl)
  const shown = async () => (await rest.ask("GET", "/runs/run/info")).status
  await until("what stands behind the dead letter", shown, (status) => status === 200)
  await until(
    "both letters",
    async () => (await (await fetch(`${server.backendUrl}/api/v1/rest/dead-letters`)).json()) as readonly object[],
    (letters) => letters.length === 2,
  )

  const listed = await runCli(folder, ["dead-letters", "list"])
  expect(listed.code).toBe(0)
  expect(listed.stdout).toMatch(
    new RegExp(`^${first} +AttributesSet +2023-11-14T22:13:20.000Z +pending +the fold failed: .+$`, "m"),
  )
  const looked = await runCli(folder, ["dead-letters", "show", second!])
  expect(looked.stdout).toMatch(/^type +Undecodable$/m)
  expect(looked.stdout).toMatch(/^schema +1$/m)
  expect(looked.stdout).toMatch(/^ +000000 {2}00 00 00 00 01 02 +\.{6}$/m)
  const other = await runCli(folder, ["dead-letters", "show", first!])
  expect(other.stdout).toContain('"type":"AttributesSet"')
  expect(other.stdout).toContain("hex:c1")

  const retried = await runCli(folder, ["dead-letters", "retry"])
  expect({ code: retried.code, said: retried.stdout.split("\n")[0] }).toEqual({
    code: 1,
    said: "0 of 2 dead letters are folded now",
  })
  expect(retried.stderr).toMatch(/folded (\d) of \1 events \(100 %\)/)

  // By the gateway, which has the log.
  expect((await runCli(folder, ["dead-letters", "discard", first!, "--reason", "a broken script"], env)).stdout).toBe(
    `${first} is discarded\n`,
  )
  const one = await (await fetch(`${server.backendUrl}/api/v1/rest/dead-letters/${first}`)).json()
  expect(one).toMatchObject({ position: first, key: "run", discarded: { reason: "a broken script" } })
  expect((await fetch(`${server.backendUrl}/api/v1/rest/dead-letters/${positions[1]!.topic}/0/99`)).status).toBe(404)
  const none = await runCli(folder, ["dead-letters", "discard", "control-events/0/5"], env)
  expect(none).toMatchObject({ code: 1, stderr: "matyan: there is no dead letter at control-events/0/5\n" })
  // Another gateway's port: nobody answers there, and the log has its writer.
  const elsewhere = await runCli(folder, ["dead-letters", "discard", second!], { MATYAN_BACKEND_PORT: "1" })
  expect(elsewhere).toMatchObject({ code: 1 })
  expect(elsewhere.stderr).toContain("--url")
  await server.stop()

  // By the command line itself, where nobody has it.
  expect((await runCli(folder, ["dead-letters", "discard", second!], { MATYAN_BACKEND_PORT: "1" })).stdout).toBe(
    `${second} is discarded\n`,
  )
  expect((await runCli(folder, ["dead-letters", "list"])).stdout).toBe("no dead letters are pending\n")
  expect((await runCli(folder, ["dead-letters", "list", "--all", "--json"])).stdout.trim().split("\n")).toHaveLength(2)
  expect((await runCli(folder, ["dead-letters", "retry"])).stdout).toContain("nothing to retry")
  expect((await runCli(folder, ["rebuild", "--quiet"])).stdout).toBe("the projections are rebuilt\n")
  expect((await runCli(folder, ["verify", "--quiet"])).stdout).toMatch(/^equal/)
})

it.each([[[]], [["list", "extra"]], [["show"]], [["show", "data-ingestion/1"]], [["burn"]]])("refuses %j", async (words) => {
  expect(await deadLettersCommand.run({}, words)).toBe(2)
})
