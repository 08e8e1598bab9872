/** Two gateways in earnest: a log, a projector, and dispatchers with names of their own that follow the log. */
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { type Dispatch, makeDispatch } from "../../gateways/dispatch.ts"
import { Names } from "../../gateways/names.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { idByName } from "../../projections/entities.ts"
import { makeView, type View } from "../../projections/view.ts"
import { prepare, project } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"

interface Pair {
  readonly dispatch: readonly [Dispatch, Dispatch]
  readonly names: readonly [Names["Service"], Names["Service"]]
  readonly view: View
}

/** Runs a test between two gateways over one log and one store. */
const between = <E>(body: (pair: Pair) => Effect.Effect<void, E>): Promise<void> => {
  const folder = freshFolder()
  const gateway = Effect.gen(function* () {
    const services = yield* Layer.build(Layer.fresh(Names.layer))
    const options = { clock: () => 1, newId: () => crypto.randomUUID(), waitMillis: 20_000 }
    const dispatch = yield* makeDispatch(options).pipe(Effect.provideContext(services))
    return { dispatch, names: Context.get(services, Names) }
  })
  const test = Effect.gen(function* () {
    yield* prepare
    yield* Effect.forkScoped(project())
    const [one, other] = [yield* gateway, yield* gateway]
    const view = yield* makeView
    yield* body({ dispatch: [one.dispatch, other.dispatch], names: [one.names, other.names], view })
  })
  const engines = Layer.merge(embeddedLog({ folder }), lmdbStore({ folder: join(folder, "store") }))
  return Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(engines)))
}

const create = (name: string) => ({ _tag: "CreateExperiment", name }) as const
const rename = (id: string, name: string) => ({ _tag: "UpdateExperiment", id, name, description: null, archived: null }) as const

it("a gateway knows what another did right before", () =>
  between(({ dispatch: [one, other] }) =>
    Effect.gen(function* () {
      for (let round = 0; round < 10; round++) {
        const made = yield* one(create(`name ${round}`), "test")
        const [fact] = made._tag === "Done" ? made.facts : []
        expect(yield* other(create(`name ${round}`), "test")).toMatchObject({ refused: { _tag: "NameTaken" } })
        const id = fact !== undefined && "id" in fact.data ? fact.data.id : ""
        expect(yield* other(rename(id, `former ${round}`), "test")).toMatchObject({ _tag: "Done" })
        const again = yield* one(create(`name ${round}`), "test")
        expect(again._tag === "Done" && again.facts[0]).not.toMatchObject({ data: { id } })
      }
    }),
  ))

it("of two that create one name at once one is obeyed, and both know the same id", () =>
  between(({ dispatch, names, view }) =>
    Effect.gen(function* () {
      for (let round = 0; round < 10; round++) {
        const name = `name ${round}`
        const both = yield* Effect.all(
          dispatch.map((one) => one(create(name), "test")),
          { concurrency: 2 },
        )
        expect(both.map(({ _tag }) => _tag).toSorted()).toEqual(["Done", "Refused"])
        const shown = yield* view.read((rows) => idByName(rows, "experiment", name))
        const next = Math.max(...names.map((one) => one.next()))
        for (const one of names) {
          yield* one.caughtUp(next)
          expect(one.bind("experiment", name)).toBe(shown)
        }
      }
    }),
  ))

it("a command whose event becomes a dead letter is not said to be done", () =>
  between(({ dispatch: [one] }) =>
    Effect.gen(function* () {
      const unfoldable = { _tag: "CreateReport", id: "x".repeat(5_000), name: "r", code: "", description: "" } as const
      const fault = yield* Effect.flip(one(unfoldable, "test"))
      expect(fault).toMatchObject({ _tag: "CommandBuried", position: { topic: "control-events", partition: 0, offset: 0 } })
    }),
  ))
