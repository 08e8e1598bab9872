import { Context } from "effect"
import type { Meta } from "../../events/define.ts"

/** What one frame or command is known by, in whatever process its events are met. */
export type Origin = Pick<Meta, "writer" | "seq">

export interface SpanOf {
  readonly name: string
  readonly of: Origin
  /** Unix milliseconds, with fractions. */
  readonly start: number
  readonly end: number
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Where is told how long a frame or a command took on each stretch of its way, if anybody wants to know: by default nobody. */
export class Spans extends Context.Reference<{
  /** Whether this origin is among those that are followed; the same in every process, so that its way is whole or untold. */
  readonly follows: (of: Origin) => boolean
  readonly record: (span: SpanOf) => void
}>("matyan/Spans", { defaultValue: () => ({ follows: () => false, record: () => undefined }) }) {}

/** Unix milliseconds by a clock that does not jump, for spans. */
export const spanClock = (): number => performance.timeOrigin + performance.now()
