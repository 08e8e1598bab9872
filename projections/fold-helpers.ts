/** Others that fold while a long log is folded: processes, where cores allow. By default there are none. */
import { Context, type Effect } from "effect"
import type { FoldWork, Taken } from "./fold-work.ts"
import type { FoldedPart } from "./folded-part.ts"
import type { Place } from "./places.ts"

/** What a helper is asked: plain data, so that another process can be told. */
export interface Errand {
  readonly place: Place
  readonly sliceSize: number
  /** What is not to be folded, by `topic/partition/offset`. */
  readonly passOver: ReadonlySet<string>
}

/** The work as one of those who share it sees it. */
export interface Share {
  readonly take: Effect.Effect<Taken | undefined>
  readonly giveBack: (part: number, folded: number) => void
}

/**
 * Takes part in the work until nothing of it is left to take, and answers then; interrupted, it gives back what it has. It
 * never fails: what it could not fold is left, for whoever asked to fold or to fail with.
 */
export type Help = (errand: Errand, work: FoldWork, onFolded: (folded: FoldedPart) => void) => Effect.Effect<void>

export class FoldHelpers extends Context.Reference<{
  readonly help: Help | null
  /** With less left to do than one would do in so many milliseconds nobody is asked: it would be done before another has begun. */
  readonly leastMillis: number
}>("matyan/FoldHelpers", { defaultValue: () => ({ help: null, leastMillis: 0 }) }) {}
