/** Two gateways in earnest: a log, a projector, and dispatchers with names of their own that follow the log. */
import { join } from "node:path"
import { Context, Effect, Fiber, Layer, type Scope } from "effect"
import { expect, it } from "vitest"
import type { Command } from "../../domain/commands.ts"
import { NameBook } from "../../domain/names.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { type Dispatch, makeDispatch } from "../../gateways/dispatch.ts"
import { Names } from "../../gateways/names.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { idByName } from "../../projections/entities.ts"
import { makeView, type View } from "../../projections/view.ts"
import { catchUp, prepare, project } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { append, created } from "../support/jobs.ts"

interface Pair {
  readonly dispatch: readonly [Dispatch, Dispatch]
  readonly names: readonly [Names["Service"], Names["Service"]]
  readonly view: View
}

/** Runs a test between two gateways over one log and one store, with a projector beside or without. */
const between = <E>(
  body: (pair: Pair) => Effect.Effect<void, E, EventLog | KeyValueStore | Scope.Scope>,
  { waitMillis = 20_000, isFolding = true } = {},
): Promise<void> => {
  const folder = freshFolder()
  const gateway = Effect.gen(function* () {
    const services = yield* Layer.build(Layer.fresh(Names.layer))
    const options = { clock: () => 1, newId: () => crypto.randomUUID(), waitMillis }
    const dispatch = yield* makeDispatch(options).pipe(Effect.provideContext(services))
    return { dispatch, names: Context.get(services, Names) }
  })
  const test = Effect.gen(function* () {
    yield* prepare
    if (isFolding) yield* Effect.forkScoped(project())
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

it("a command that is overtaken again and again gives up soon, and does not fill the log with its tries", () =>
  between(({ dispatch: [one] }) =>
    Effect.gen(function* () {
      const log = yield* EventLog
      const first = new NameBook().bind("experiment", "a")
      // As another version might have left it: the name leads to an id that the fold will not have any more.
      const names: Names["Service"] = { ...(yield* Names), bind: () => first }
      const made = yield* one(create("a"), "test")
      expect(made._tag).toBe("Done")
      yield* one({ _tag: "DeleteExperiment", id: first }, "test")
      const options = { clock: () => 1, newId: () => crypto.randomUUID(), waitMillis: 20_000 }
      const misled = yield* makeDispatch(options).pipe(Effect.provideService(Names, names))
      expect(yield* Effect.flip(misled(create("a"), "test"))).toMatchObject({ _tag: "LogUnavailable" })
      const appended = (yield* log.ends).reduce((sum, { offset }) => sum + offset, 0)
      expect(appended).toBeLessThan(20)
    }).pipe(Effect.provide(Layer.fresh(Names.layer))),
  ))

it("a command whose event becomes a dead letter is not said to be done", () =>
  between(({ dispatch: [one] }) =>
    Effect.gen(function* () {
      const unfoldable = { _tag: "CreateReport", id: "x".repeat(5_000), name: "r", code: "", description: "" } as const
      const fault = yield* Effect.flip(one(unfoldable, "test"))
      expect(fault).toMatchObject({ _tag: "CommandBuried", position: { topic: "control-events", partition: 0, offset: 0 } })
    }),
  ))

const aboutRuns: Readonly<Record<string, Command>> = {
  "a rename": { _tag: "UpdateRun", runId: "late", name: "n", description: null, archived: null, experiment: null, active: null },
  "an archiving of many": { _tag: "ArchiveRuns", runIds: ["late", "later"], archived: true },
  "a note": { _tag: "CreateNote", id: "n", owner: { kind: "run", id: "late" }, content: "c" },
}

for (const [name, command] of Object.entries(aboutRuns)) {
  it(`${name} is decided on runs that were logged before and are folded late`, () =>
    between(
      ({ dispatch: [one] }) =>
        Effect.gen(function* () {
          yield* append([created("late"), created("later")], 1)
          const answer = yield* Effect.forkScoped(one(command, "test"))
          // So long it looks in vain, and does not refuse.
          yield* Effect.sleep("100 millis")
          expect(answer.pollUnsafe()).toBeUndefined()
          yield* Effect.forkScoped(project())
          const outcome = yield* Fiber.join(answer)
          const about = "runIds" in command ? command.runIds : ["late"]
          expect(outcome).toMatchObject({ _tag: "Done", facts: about.map(() => expect.anything()) })
        }),
      { isFolding: false },
    ))
}

it("a tag is taken from a run that bore it before, though it is folded late", () =>
  between(
    ({ dispatch: [one] }) =>
      Effect.gen(function* () {
        yield* append([created("late")], 1)
        yield* catchUp()
        yield* append([{ type: "RunTagged", data: { runId: "late", tagId: "id", name: "name" } }], 1)
        const answer = yield* Effect.forkScoped(one({ _tag: "UntagRun", runId: "late", tagId: "id" }, "test"))
        yield* Effect.sleep("100 millis")
        yield* Effect.forkScoped(project())
        expect(yield* Fiber.join(answer)).toMatchObject({ _tag: "Done", facts: [{ type: "RunUntagged" }] })
      }),
    { isFolding: false },
  ))

it("of a run that is nowhere in the log it is said at once, and where the projections stay behind that nobody knows", () =>
  between(
    ({ dispatch: [one], names: [names] }) =>
      Effect.gen(function* () {
        yield* names.ready
        const rename = aboutRuns["a rename"]!
        expect(yield* one(rename, "test")).toMatchObject({ refused: { _tag: "RunNotFound", id: "late" } })
        yield* append([created("late")], 1)
        const fault = yield* Effect.flip(one(rename, "test"))
        expect(fault).toMatchObject({ _tag: "LogUnavailable", message: expect.stringContaining("whether the log has it") })
      }),
    { isFolding: false, waitMillis: 2_000 },
  ))

it("of a run that is not shown it is said in time that nobody knows, where the log does not tell how far it goes", () =>
  between(({ names: [names] }) =>
    Effect.gen(function* () {
      const silent: EventLog["Service"] = { ...(yield* EventLog), ends: Effect.never }
      const options = { clock: () => 1, newId: () => crypto.randomUUID(), waitMillis: 200 }
      const dispatch = yield* makeDispatch(options).pipe(
        Effect.provideService(EventLog, silent),
        Effect.provideService(Names, names),
      )
      yield* names.ready
      const fault = yield* Effect.flip(dispatch(aboutRuns["a rename"]!, "test"))
      expect(fault).toMatchObject({ _tag: "LogUnavailable", message: expect.stringContaining("whether the log has it") })
    }),
  ))
