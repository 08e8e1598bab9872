/** Points without a step behind the greatest step there is: they alone are refused, and the sequence stays readable. */
import { expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import type { AnyFact } from "../../../events/index.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const points = (steps: readonly number[]): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId: "run",
    name: "loss",
    contextId: 0,
    context: encodeValue(new Map()),
    dtype: "float",
    values: [1],
    steps,
    epochs: [],
    firstTime: 1,
    timeOffsets: [0],
  },
})

it("Law 3: a step beyond the last there is spoils no other point, however the log is cut", async () => {
  const events = recorded(
    "data-ingestion",
    0,
    [points([Number.MAX_SAFE_INTEGER]), points([]), points([5])].map((fact, i) =>
      stamped(fact, 1, { id: `e${i}`, writer: "w", seq: i }),
    ),
  )
  const states: string[] = []
  for (const cuts of [[events], events.map((event) => [event])]) {
    const store = await bed()
    const unfolded: string[] = []
    for (const records of cuts) {
      const outcome = await store.fold({ topic: "data-ingestion", partition: 0 }, records)
      if (outcome._tag === "Folded") unfolded.push(...outcome.unfolded.map(({ reason }) => reason))
    }
    expect(unfolded).toEqual([`no step is left behind ${Number.MAX_SAFE_INTEGER}`])
    states.push(await store.text())
    await store.close()
  }
  expect(states[1]).toBe(states[0])
})
