/** Logging in browsers and their workers. */
import { browserPlatform } from "./browser/platform.ts"
import { initOn } from "./init.ts"

/** Begins a run, or goes on with one. Rejects only for options that are mistakes (`TypeError`); the server may be away. */
export const init = initOn(browserPlatform)
export type * from "./public-types.ts"
