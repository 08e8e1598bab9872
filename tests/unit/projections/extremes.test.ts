import { expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { numberOf } from "../../../domain/value.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const partition = { topic: "data-ingestion", partition: 0 } as const
const runId = "run"

/** Least and greatest value of a sequence to which these are logged, one event each. */
const extremesOf = async (values: readonly number[]) => {
  const store = await bed()
  const events = values.map((value, step) =>
    stamped(
      {
        type: "PointsLogged",
        data: {
          runId,
          name: "loss",
          contextId: 0,
          context: encodeValue(new Map()),
          dtype: "float",
          values: [value],
          steps: [step],
          epochs: [],
          firstTime: 1,
          timeOffsets: [0],
        },
      },
      1,
    ),
  )
  await store.fold(partition, recorded("data-ingestion", 0, events))
  const field = (name: string) =>
    store.read(async (rows) => numberOf((await rows.get("runs", [runId, "traces", 0, "loss", name])) ?? null))
  const found = [await field("min"), await field("max")]
  await store.close()
  return found
}

it("a value that is no number is neither the least nor the greatest, wherever it stands", async () => {
  const none = Number.NaN
  for (const values of [
    [none, 1, 2],
    [1, none, 2],
    [2, 1, none],
  ])
    expect(await extremesOf(values)).toEqual([1, 2])
  expect(await extremesOf([none])).toEqual([none, none])
})
