import { Data } from "effect"

/** What was asked for would be open to anybody, or lose what it acknowledges. */
export class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}
