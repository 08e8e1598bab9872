import { once } from "node:events"
import { Effect } from "effect"
import { type DumpedRow, dumpHash, dumpRows, rowText } from "../../projections/dump.ts"
import { hasJobs } from "../../projections/jobs.ts"
import { makeView } from "../../projections/view.ts"
import { settingsOfData } from "./data-folder.ts"
import { store } from "../engines.ts"
import { type Command, runCommand } from "./command.ts"

export const dumpCommand: Command = {
  summary: "print every projected row in order",
  help: `One row a line: directory, key (a JSON list), value (JSON, or hex: where it is no msgpack). Equal states print
equal dumps. It may run beside a server, and begins when no job of a fold is left. It reads one version of the store; but
FoundationDB keeps a version for 5 seconds only, so there what is folded meanwhile may show in a part of the dump and
not in another. To know whether a live store is right, use matyan verify.

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
  Effect.map(atRest(dumpHash), (hash) => {
    process.stdout.write(`${hash}\n`)
    return 0
  }),
)

const printed = withStore(
  Effect.suspend(() => {
    // A store may run the body again, which then goes on behind what was printed.
    let last: DumpedRow | undefined
    return atRest(async (rows) => {
      for await (const chunk of dumpRows(rows, last)) {
        last = chunk.at(-1) ?? last
        if (!process.stdout.write(chunk.map((row) => `${rowText(row)}\n`).join(""))) await once(process.stdout, "drain")
      }
      return 0
    })
  }),
)
