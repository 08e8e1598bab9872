/** One process at a time does a job; a dead one keeps nobody out for long. */
import { Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { float } from "../../domain/value.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { pack } from "../../projections/keys.ts"
import { lockOf, withLock } from "../../projections/locks.ts"
import { controlPath } from "../../projections/subspaces.ts"
import { type Fault, chaos } from "../support/chaos.ts"
import { freshFolder } from "../support/folders.ts"

type Stored = Layer.Layer<KeyValueStore, unknown>

/** Time stands still but for what the test adds, so that locks expire when the test says so. */
const run = <A, E>(effect: Effect.Effect<A, E, KeyValueStore>, over: (layer: Stored) => Stored = (layer) => layer) =>
  Effect.runPromise(
    effect.pipe(
      Effect.provide(over(lmdbStore({ folder: freshFolder() }))),
      Effect.provide(TestClock.layer()),
    ) as Effect.Effect<A>,
  )

/** Writes take turns, so what this sees comes after every renewal that has begun. */
const held = Effect.flatMap(KeyValueStore, (store) => store.write((tx) => lockOf(tx, "job", 0)))

/** Lets time pass, second by second, until something is so. */
const until = <A, E, R>(look: Effect.Effect<A, E, R>, is: (seen: A) => boolean, most = 500): Effect.Effect<void, E, R> =>
  Effect.flatMap(look, (seen) => {
    if (is(seen)) return Effect.void
    if (most === 0) throw new Error(`never came; last seen: ${JSON.stringify(seen)}`)
    return TestClock.adjust("1 second").pipe(Effect.andThen(until(look, is, most - 1)))
  })

const ended = (fiber: Fiber.Fiber<unknown, unknown>) => Effect.map(held, () => fiber.pollUnsafe() !== undefined)
const written = (row: Uint8Array) =>
  Effect.flatMap(KeyValueStore, (store) =>
    store.write(async (tx) => tx.set(pack(["locks", "job"], await tx.createDirectory(controlPath)), row)),
  )
const a = { ttlSeconds: 30, owner: "a" }
const b = { ttlSeconds: 30, owner: "b" }

/** Work that says when it has begun, and is done when it is told to. */
const working = Effect.gen(function* () {
  const begun = yield* Deferred.make<void>()
  const end = yield* Deferred.make<string>()
  return { begun: Deferred.await(begun), end, work: Deferred.succeed(begun, undefined).pipe(Effect.andThen(Deferred.await(end))) }
})

describe("a lock", () => {
  it("keeps others out, and tells them who works and until when", () =>
    run(
      Effect.gen(function* () {
        const { begun, end, work } = yield* working
        const first = yield* Effect.forkChild(withLock("job", a, work))
        yield* begun
        const refused = yield* Effect.flip(withLock("job", b, Effect.die("two at once")))
        expect(refused).toMatchObject({ _tag: "LockHeld", owner: "a", until: 30 })
        expect(String(refused.message)).toMatch(/job.* a, .*1970-01-01T00:00:30/)
        expect(yield* withLock("another", b, Effect.succeed("done"))).toBe("done")
        yield* Deferred.succeed(end, "done")
        expect(yield* Fiber.join(first)).toBe("done")
        expect(yield* withLock("job", b, Effect.succeed("next"))).toBe("next")
      }),
    ))

  it.each(["succeeds", "fails", "dies", "is interrupted"])("is let go of when the work %s", (end) =>
    run(
      Effect.gen(function* () {
        const { begun, work } = yield* working
        const after = { succeeds: Effect.void, fails: Effect.fail("no"), dies: Effect.die("no") }[end] ?? work
        const fiber = yield* Effect.forkChild(withLock("job", a, after))
        if (end === "is interrupted") yield* begun.pipe(Effect.andThen(Fiber.interrupt(fiber)))
        yield* Fiber.await(fiber)
        expect(yield* held).toBeUndefined()
      }),
    ),
  )

  it("of one that died is free when it has run out, and not before", () =>
    run(
      Effect.gen(function* () {
        // As a process that was killed left it.
        yield* written(encodeValue(["a", float(30)]))
        yield* TestClock.adjust("29 seconds")
        expect(yield* Effect.flip(withLock("job", b, Effect.void))).toMatchObject({ _tag: "LockHeld", owner: "a" })
        yield* TestClock.adjust("2 seconds")
        expect(yield* withLock("job", b, Effect.succeed("ours"))).toBe("ours")
      }),
    ))

  it("is renewed for as long as the work lasts", () =>
    run(
      Effect.gen(function* () {
        const { begun, end, work } = yield* working
        const fiber = yield* Effect.forkChild(withLock("job", a, work))
        yield* begun
        yield* until(held, (lock) => lock !== undefined && lock.until >= 130)
        expect(yield* Effect.flip(withLock("job", b, Effect.void))).toMatchObject({ _tag: "LockHeld", owner: "a" })
        yield* Deferred.succeed(end, "done")
        yield* Fiber.join(fiber)
      }),
    ))

  it("that another took ends the work, and is left to that other", () =>
    run(
      Effect.gen(function* () {
        const { begun, work } = yield* working
        const fiber = yield* Effect.forkChild(withLock("job", a, work))
        yield* begun
        // A row that cannot be read locks nothing, so b takes it although a still works.
        yield* written(Uint8Array.of(0xc1))
        const other = yield* working
        const second = yield* Effect.forkChild(withLock("job", b, other.work))
        yield* other.begun
        yield* until(ended(fiber), (isEnded) => isEnded)
        expect(yield* Effect.flip(Fiber.join(fiber))).toMatchObject({ _tag: "LockLost", job: "job" })
        expect(yield* held).toMatchObject({ owner: "b" })
        yield* Fiber.interrupt(second)
      }),
    ))

  it("that cannot be renewed ends the work when it has run out, not before", async () => {
    let away = false
    await run(
      Effect.gen(function* () {
        const { begun, work } = yield* working
        const fiber = yield* Effect.forkChild(withLock("job", a, work))
        yield* begun
        away = true
        yield* TestClock.adjust("20 seconds")
        expect(fiber.pollUnsafe()).toBeUndefined()
        // The store is asked but for the test's own looks.
        yield* until(Effect.sync(() => fiber.pollUnsafe() !== undefined).pipe(Effect.tap(Effect.yieldNow)), (isEnded) => isEnded)
        expect(Exit.isFailure(yield* Fiber.await(fiber))).toBe(true)
        away = false
      }),
      chaos((): Fault => (away ? "lost" : "none")),
    )
  })

  it("is not taken at all with a time of 0", () =>
    run(
      Effect.gen(function* () {
        const free = { ttlSeconds: 0, owner: "a" }
        expect(yield* withLock("job", free, held)).toBeUndefined()
      }),
    ))

  it.each<Fault>(["lost", "unknown", "twice", 0])("is right after a commit that is %s", async (fault) => {
    let armed: Fault = "none"
    await run(
      Effect.gen(function* () {
        armed = fault
        const first = yield* Effect.exit(withLock("job", a, Effect.succeed("done")))
        armed = "none"
        // With the outcome unknown the caller is told, and its lock stands until it runs out or the same owner comes again.
        if (fault !== "twice") expect(Exit.isFailure(first)).toBe(true)
        expect(yield* withLock("job", a, Effect.succeed("again"))).toBe("again")
        expect(yield* withLock("job", b, Effect.succeed("other"))).toBe("other")
      }),
      chaos(() => armed),
    )
  })
})
