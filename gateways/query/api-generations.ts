/** What the routes of generations declare. */
import { json, type Operations, tagged } from "./api-operation.ts"
import { list, ref } from "./api-schema.ts"

export const generationOperations: Operations = tagged("Generations", {
  "GET /generations": {
    summary: "The sets of projections that there are",
    says:
      "The one that serves; one that is being rebuilt beside it; those that rebuilds have replaced, until when they are kept; and " +
      "those that end at some positions, which any read can be answered from with `as_of`.",
    answers: [json(list(ref("Generation")), "The serving one first, as-of ones last")],
  },
})
