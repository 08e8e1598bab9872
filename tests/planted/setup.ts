/** What a property finds with a planted bug is to be the same each time, and needs no smaller example. */
import fc from "fast-check"

fc.configureGlobal({ endOnFailure: true, seed: 1, includeErrorInReport: true })
