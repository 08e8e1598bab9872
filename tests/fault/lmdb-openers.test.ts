/** LMDB as it comes loses commits while other processes open the same file: see infra/lmdb/gate.ts. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { RunRenamed } from "../../events/run.ts"
import { type Environment, openEnvironment } from "../../infra/lmdb/environment.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"

const program = new URL("../support/opening-process.ts", import.meta.url).pathname

/** Two processes that open the file from now on until the test is over. */
const openers = (path: string, overlapping: boolean): Promise<unknown> =>
  Promise.all(
    [1, 2].map(async () => {
      const child = spawn(process.execPath, [program, path, overlapping ? "overlapping" : "plain"])
      onTestFinished(async () => {
        child.kill("SIGKILL")
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
      })
      await once(child.stdout, "data")
    }),
  )

const key = Buffer.from("count")

/** Counts on by one in a commit of its own; answers what was there. */
const countOn = ({ db, gate }: Environment<Uint8Array, Uint8Array>): number =>
  gate.pass(() =>
    db.transactionSync(() => {
      const found = Number(Buffer.from(db.get(key) ?? Buffer.from("0")).toString())
      db.putSync(key, Buffer.from(String(found + 1)))
      return found
    }),
  )

it.each([true, false])("Law 9: each commit finds what the last one left (overlapping sync: %s)", async (overlappingSync) => {
  const path = join(freshFolder(), "rows.mdb")
  const rows = openEnvironment<Uint8Array, Uint8Array>({ path, encoding: "binary", overlappingSync, noMetaSync: true })
  await openers(path, overlappingSync)
  const commits = overlappingSync ? 4_000 : 1_500
  for (let count = 0; count < commits; count++) expect(countOn(rows)).toBe(count)
  await rows.close()
})

it("a gate whose holder is killed lets others through", async () => {
  const path = join(freshFolder(), "rows.mdb")
  const child = spawn(process.execPath, [program, path, "holding"])
  await once(child.stdout, "data")
  const ended = once(child, "exit")
  child.kill("SIGKILL")
  const rows = openEnvironment<Uint8Array, Uint8Array>({ path, encoding: "binary" })
  expect(countOn(rows)).toBe(0)
  await rows.close()
  await ended
})

it("Law 9: the log holds what it acknowledged", async () => {
  const folder = freshFolder()
  const meta = { id: "", at: 1, serverTime: 1, project: "00000000", actor: "", cause: null, writer: "w", part: 0 }
  const counted = await Effect.runPromise(
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* Effect.promise(() => openers(join(folder, "log", "log.mdb"), false))
      for (let seq = 0; seq < 1_000; seq++)
        yield* log.append([{ ...RunRenamed({ runId: `run${seq}`, name: String(seq) }), meta: { ...meta, seq } }])
      const names = yield* Stream.runFold(
        log.source(new Map()),
        () => [] as string[],
        (seen, { records }) => [
          ...seen,
          ...records.map((record) => (record.type === "RunRenamed" ? record.data.name : record.type)),
        ],
      )
      return names.map(Number).toSorted((a, b) => a - b)
    }).pipe(Effect.provide(embeddedLog({ folder }))),
  )
  expect(counted).toEqual(Array.from({ length: 1_000 }, (_, seq) => seq))
})
