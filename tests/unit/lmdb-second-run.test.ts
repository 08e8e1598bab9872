import { Context, Effect, Layer } from "effect"
import { expect, test } from "vitest"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { freshFolder } from "../support/folders.ts"

const b = (text: string): Uint8Array => Buffer.from(text, "latin1")

test("Law 6: what a body staged is forgotten where it is run again", () => {
  const folder = freshFolder()
  const connection = Effect.map(Layer.build(Layer.suspend(() => lmdbStore({ folder }))), (built) =>
    Context.get(built, KeyValueStore),
  )
  return Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const [one, other] = [yield* connection, yield* connection]
        let runs = 0
        yield* one.write(async (tx) => {
          await tx.get(b("read"))
          const isFirst = runs++ === 0
          if (isFirst) await Effect.runPromise(other.write(async (theirs) => theirs.set(b("read"), b("theirs"))))
          tx.set(b(isFirst ? "first" : "second"), b("ours"))
        })
        expect(runs).toBeGreaterThan(1)
        const keys = yield* one.read(async (tx) => (await tx.range(b(""), b("z"))).map(([key]) => Buffer.from(key).toString()))
        expect(keys).toEqual(["read", "second"])
      }),
    ),
  )
})
