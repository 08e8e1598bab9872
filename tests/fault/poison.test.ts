/** Events that cannot be folded do not stop their partition: they become dead letters, and all others are folded. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyFact } from "../../events/index.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { deadLetters } from "../../projections/dead-letters.ts"
import { dumpRows, rowText } from "../../projections/dump.ts"
import { verify } from "../../projections/verify.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"

const runId = "run"
const named = (name: string): AnyFact => ({ type: "RunRenamed", data: { runId, name } })
/** Bytes that no msgpack begins with: no gateway states this, but anybody may write to a topic. */
const poison: AnyFact = { type: "AttributesSet", data: { runId, paths: [["a"]], values: [Uint8Array.of(0xc1)] } }
const sequence = { runId, name: "loss", contextId: 0, context: encodeValue(new Map()) }
const point: AnyFact = {
  type: "PointsLogged",
  data: { ...sequence, dtype: "float", values: [1], steps: [0], epochs: [], firstTime: 1, timeOffsets: [0] },
}
/** An object where points are: the sequence keeps the kind of its first event. */
const misfit: AnyFact = {
  type: "ObjectLogged",
  data: { ...sequence, dtype: "text", step: 0, epoch: null, value: encodeValue("x") },
}

const state = Effect.gen(function* () {
  const view = yield* makeView
  const text = yield* view.read(async (rows) => {
    const lines: string[] = []
    for await (const chunk of dumpRows(rows)) lines.push(...chunk.map(rowText))
    // Where records stand in the log is told of those that cannot be folded, too.
    return lines.filter((line) => !line.includes('["positions",')).join("\n")
  })
  return { text, letters: yield* view.read(deadLetters) }
})

/** Appends the facts, folds them all, and gives the state; `verify` must agree. */
const outcome = (facts: readonly AnyFact[]) => {
  const folder = freshFolder()
  return Effect.gen(function* () {
    const log = yield* EventLog
    yield* log.append(facts.map((fact, i) => stamped(fact, 1, { id: `e${i}`, writer: "w", seq: i })))
    yield* catchUp()
    const scratch = yield* Layer.build(lmdbStore({ folder: join(folder, "scratch") }))
    const found = yield* Effect.provideContext(Effect.flatMap(KeyValueStore, Effect.succeed), scratch)
    expect((yield* verify(found)).difference).toBeUndefined()
    return yield* state
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(embeddedLog({ folder }), lmdbStore({ folder: join(folder, "store") }))),
    Effect.runPromise,
  )
}

describe("events that cannot be folded", () => {
  it("are dead letters with their place and reason, and everything around them is folded", async () => {
    const good = [named("a"), point, named("b")]
    const { text, letters } = await outcome([good[0]!, poison, good[1]!, misfit, poison, good[2]!])
    const clean = await outcome(good)
    expect(text).toBe(clean.text)
    expect(letters.map(({ position, type, key }) => [position.offset, type, key])).toEqual([
      [1, "AttributesSet", runId],
      [3, "ObjectLogged", runId],
      [4, "AttributesSet", runId],
    ])
    expect(letters.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("the fold failed"),
      expect.stringContaining('the sequence "loss" holds metric values'),
      expect.stringContaining("the fold failed"),
    ])
  })

  it("a hyperparameter whose name and value are as long as they may be is folded", async () => {
    const long = new Map([["n".repeat(1_000), "v".repeat(5_000)]])
    const { letters } = await outcome([
      { type: "AttributesSet", data: { runId: "r".repeat(256), paths: [["hparams"]], values: [encodeValue(long)] } },
    ])
    expect(letters).toEqual([])
  })
})
