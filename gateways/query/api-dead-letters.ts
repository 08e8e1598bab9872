/** What the routes of dead letters declare. */
import { bodies } from "../../domain/commands.ts"
import { bodyOf, commandAnswers, json, notThere, type Operations, tagged } from "./api-operation.ts"
import { list, ref } from "./api-schema.ts"

const place = { topic: "`data-ingestion` or `control-events`", partition: "The partition", offset: "The offset in it" }

export const deadLetterOperations: Operations = tagged("Dead letters", {
  "GET /dead-letters": {
    summary: "The events that could not be decoded or folded",
    answers: [json(list(ref("DeadLetter")), "The first thousand by position, discarded ones too")],
  },
  "GET /dead-letters/:topic/:partition/:offset": {
    summary: "One of them",
    path: place,
    answers: [json(ref("DeadLetter"), "The dead letter"), notThere],
  },
  "POST /dead-letters/:topic/:partition/:offset/discard": {
    summary: "Give one up for ever",
    says: "It stays out of every projection, of those that are rebuilt later too.",
    path: place,
    body: bodyOf(bodies.discardDeadLetter, { reason: "sent by a broken script" }),
    answers: [json(ref("DeadLetter"), "The dead letter, discarded"), ...commandAnswers, notThere],
  },
})
