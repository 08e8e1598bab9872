/** What a gateway remembers of one run between frames: the contexts and sequences it has seen. */
import { contextId } from "../context.ts"
import { toJson } from "../json-text.ts"
import type { IngestLimits } from "../limits.ts"
import { encodeValue } from "../msgpack.ts"
import type { ValueMap } from "../value.ts"
import type { PointGroup } from "./frame-facts.ts"

/** A context with its id and bytes, made once. */
export interface ContextRef {
  readonly id: number
  readonly bytes: Uint8Array
  readonly series: Map<string, Series>
}

/** A (context, name) pair whose name has been checked. */
export interface Series {
  readonly name: string
  readonly context: ContextRef
  /** The event that the next point joins, while `span` is that of the frame's facts. */
  open: PointGroup | null
  span: number
}

/**
 * Grows to the limits and no further, so that what is counted against them is what this gateway has seen since it last
 * forgot the run: an estimate, and on the generous side.
 */
export class RunIntake {
  readonly runId: string
  readonly limits: IngestLimits
  readonly noContext: ContextRef = { id: 0, bytes: encodeValue(new Map()), series: new Map() }
  /** Counts stretches of a frame within which points may be grouped. */
  span = 0
  readonly #byText = new Map<string, ContextRef>([["{}", this.noContext]])
  readonly #byId = new Map<number, ContextRef>()
  #sequences = 0

  constructor(runId: string, limits: IngestLimits) {
    this.runId = runId
    this.limits = limits
  }

  get sequences(): number {
    return this.#sequences
  }

  /** A context that was seen before, by its JSON in the order of its keys. */
  knownContext(text: string): ContextRef | undefined {
    return this.#byText.get(text)
  }

  /** The context, new or known; or what is wrong with it. In another order of keys it is the same, as it was first seen. */
  context(context: ValueMap | null): ContextRef | string {
    if (context === null || context.size === 0) return this.noContext
    const text = toJson(context)
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    // Each order of the keys is one more text to remember.
    if (this.#byText.size > this.limits.contextsPerRun) return `the run has ${this.limits.contextsPerRun} contexts, the most kept`
    const id = contextId(context)
    const bytes = encodeValue(context)
    if (bytes.length > this.limits.contextBytes) return `${bytes.length} bytes, at most ${this.limits.contextBytes} are kept`
    const made = this.#byId.get(id) ?? { id, bytes, series: new Map() }
    this.#byText.set(text, made)
    this.#byId.set(id, made)
    return made
  }

  /** The sequence of a checked name, new or known; or what is wrong: too many. */
  series(context: ContextRef, name: string): Series | string {
    const known = context.series.get(name)
    if (known !== undefined) return known
    if (this.#sequences >= this.limits.sequencesPerRun)
      return `the run has ${this.limits.sequencesPerRun} sequences, the most kept`
    this.#sequences++
    const made: Series = { name, context, open: null, span: -1 }
    context.series.set(name, made)
    return made
  }
}
