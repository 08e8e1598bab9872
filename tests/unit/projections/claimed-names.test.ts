import { expect, it } from "vitest"
import type { AnyFact } from "../../../events/index.ts"
import { idByName } from "../../../projections/entities.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const claims = (runId: string, experimentId: string): AnyFact => ({
  type: "RunExperimentSet",
  data: { runId, experimentId, name: "base" },
})

it("of several ids that runs claim one name for, it leads to the smallest, whichever is folded first", async () => {
  const facts = [claims("one", "b"), claims("two", "a"), claims("three", "c")]
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    const store = await bed()
    const events = order.map((i) => stamped(facts[i]!, i))
    await store.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
    expect(await store.read((rows) => idByName(rows, "experiment", "base"))).toBe("a")
    await store.close()
  }
})
