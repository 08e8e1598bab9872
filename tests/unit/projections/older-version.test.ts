import { Effect, Logger } from "effect"
import { expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { KeyValueStore } from "../../../domain/ports/key-value-store.ts"
import { keepFolding } from "../../../infra/roles/projections.ts"
import { pack } from "../../../projections/keys.ts"
import { foldVersion, servingGeneration } from "../../../projections/subspaces.ts"
import { catchUp } from "../../../projections/worker.ts"
import { append, named, onProjections } from "../../support/projected.ts"
import { until } from "../../support/wait.ts"

it("a projector begun anew while an upgrade is rolled out does not undo what the newer version has folded anew", () => {
  const said: unknown[] = []
  const logs = Logger.layer([Logger.make(({ message }) => said.push(message))])
  return onProjections(
    Effect.gen(function* () {
      const store = yield* KeyValueStore
      yield* append([named("run", "name")])
      yield* catchUp()
      const { prefixes } = (yield* store.read(servingGeneration))!
      yield* store.write(async (tx) => tx.set(pack(["fold_version"], prefixes.marks), encodeValue(foldVersion + 1)))
      yield* Effect.forkScoped(keepFolding({}))
      yield* Effect.promise(() =>
        until(
          "what it says",
          () => said.join(" "),
          (all) => all !== "",
        ),
      )
      expect(said.join(" ")).toContain("a newer version of this software folded the projections")
      expect(yield* store.read(servingGeneration)).toMatchObject({ id: 1 })
    }).pipe(Effect.provide(logs)),
  )
})
