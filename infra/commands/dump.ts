import { once } from "node:events"
import { Effect } from "effect"
import { dumpHash, dumpRows, rowText } from "../../projections/dump.ts"
import { hasJobs } from "../../projections/jobs.ts"
import { makeView } from "../../projections/view.ts"
import { settingsOfData } from "./data-folder.ts"
import { store } from "../engines.ts"
import { type Command, runCommand } from "./command.ts"

export const dumpCommand: Command = {
  summary: "print every projected row in order",
  help: `One row a line: directory, key (a JSON list), value (JSON, or hex: where it is no msgpack). Equal states print
equal dumps. It may run beside a server; it reads one version of the store, at rest.

  matyan dump | grep '"meta"'
  matyan dump --hash
`,
  options: { hash: { type: "boolean", says: "print only the SHA-256 over all rows" } },
  run: ({ hash }) => runCommand(hash === true ? hashed : printed),
}

const atRest = <A>(body: Parameters<Effect.Success<typeof makeView>["read"]>[0] & ((...parts: never) => Promise<A>)) =>
  Effect.gen(function* () {
    const view = yield* makeView
    for (;;) {
      const found = yield* view.read(async (rows) => ((await hasJobs(rows)) ? undefined : { done: await body(rows) }))
      if (found !== undefined) return found.done as A
      yield* Effect.sleep("200 millis")
    }
  })

const withStore = <A>(effect: Effect.Effect<A, unknown, Effect.Services<typeof makeView>>) =>
  Effect.flatMap(settingsOfData, (chosen) => effect.pipe(Effect.provide(store(chosen))))

const hashed = withStore(
  atRest(async (rows) => {
    process.stdout.write(`${await dumpHash(rows)}\n`)
    return 0
  }),
)

const printed = withStore(
  atRest(async (rows) => {
    for await (const chunk of dumpRows(rows))
      if (!process.stdout.write(chunk.map((row) => `${rowText(row)}\n`).join(""))) await once(process.stdout, "drain")
    return 0
  }),
)
