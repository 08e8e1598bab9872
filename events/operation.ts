/** What an operator decided about the log itself. */
import { event, long, string } from "./define.ts"

/** The event at this position, which no projection could hold, stays out of them for ever. */
export const DeadLetterDiscarded = event("DeadLetterDiscarded", {
  topic: "control-events",
  fields: { topic: string, partition: long, offset: long, reason: string },
})
