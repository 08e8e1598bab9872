/** Logging in Node, Bun and Deno. */
import { initOn } from "./init.ts"
import { nodePlatform } from "./node/platform.ts"

/** Begins a run, or goes on with one. Rejects only for options that are mistakes (`TypeError`); the server may be away. */
export const init = initOn(nodePlatform)
export type * from "./public-types.ts"
