import { randomUUID } from "node:crypto"
import { Context } from "effect"

/** Draws an id that nobody has drawn before: a UUID, unless whoever steers the process draws them otherwise. */
export class NewId extends Context.Reference<() => string>("matyan/NewId", { defaultValue: () => () => randomUUID() }) {}
