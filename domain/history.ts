/**
 * What became of one run or entity, event by event: its own events are told in their order, from the first on, and each
 * tells what it changed from what to what. Nothing but the events is needed, so it tells also of what was deleted and purged.
 */
import type { Recorded } from "../events/index.ts"
import { type Points, type Said, saidBy } from "./history-events.ts"
import { encodeValue } from "./msgpack.ts"
import type { Value } from "./value.ts"

/** `before` is missing where it is not known; a value of more than 4,096 encoded bytes is told as {@link Omitted}. */
export interface Change {
  readonly what: string
  readonly before?: Value | Omitted
  readonly after: Value | Omitted
}

export interface Omitted {
  readonly omittedBytes: number
}

export interface Told {
  /** False where the event changed nothing, such as what comes after a deletion. */
  readonly hasEffect: boolean
  readonly changes: readonly Change[]
  readonly points: Points | null
}

const largestShown = 4_096
/** Most fields of which it is remembered what they were. */
const mostFields = 5_000

type Life = "absent" | "present" | "deleted" | "purged"

export class History {
  readonly #fields = new Map<string, Value | Omitted>()
  /** The identity of each value that is known, shown or not. */
  readonly #keys = new Map<string, string>()
  #life: Life
  #deletion = ""
  readonly #whose: string
  /** Whether all is known that came before. */
  readonly #isWhole: boolean

  /** `whose`: the kind of what it is of. `isWhole`: it is told from the stream's first event on; else what came before is not known. */
  constructor(whose: string, isWhole = true) {
    this.#whose = whose
    this.#isWhole = isWhole
    this.#life = isWhole ? "absent" : "present"
  }

  /** The next event of the stream, in its order. `isInVain`: it came to nothing, for another overtook it or it could not be folded. */
  tell(event: Recorded, isInVain = false): Told {
    const said = saidBy(event, this.#whose)
    if (isInVain || !this.#isHeard(said, event.meta.id)) return nothing
    if (said.unlessSet !== null && (this.#fields.get(said.unlessSet) ?? null) !== null) return nothing
    const changes = [...this.#live(said, event), ...said.sets.flatMap(([what, value]) => this.#set(what, value))]
    return { hasEffect: changes.length > 0 || said.points !== null, changes, points: said.points }
  }

  #isHeard({ life }: Said, id: string): boolean {
    if (life?.to === "purged") return this.#life === "deleted" && (!this.#isWhole || life.deletion === this.#deletion)
    if (life?.to === "restored") return this.#life === "deleted" || (!this.#isWhole && this.#life === "present")
    if (life?.to === "lifted") return this.#life === "deleted" || this.#life === "purged" || !this.#isWhole
    if (this.#life === "deleted" || this.#life === "purged") return false
    if (life?.to === "deleted") this.#deletion = id
    return true
  }

  #live({ life, defaults }: Said, event: Recorded): readonly Change[] {
    const before = this.#life
    if (life === null || life.to === "made") {
      if (before === "present") return []
      for (const [what, value] of defaults(event)) this.#remember(what, value)
      this.#life = "present"
    } else this.#life = life.to === "restored" ? "present" : life.to === "lifted" ? "absent" : life.to
    if (this.#life === "purged" || this.#life === "absent") {
      this.#fields.clear()
      this.#keys.clear()
    }
    return before === this.#life ? [] : [{ what: "state", before, after: this.#life }]
  }

  #set(what: string, value: Value): readonly Change[] {
    const known = this.#fields.get(what)
    const knownKey = this.#keys.get(what)
    const bytes = encodeValue(value)
    const key = Buffer.from(bytes).toString("latin1")
    if (known !== undefined && knownKey === key) return []
    this.#remember(what, value, bytes)
    const after = shown(value, bytes)
    if (known !== undefined) return [{ what, before: known, after }]
    return [this.#isWhole && !this.#hasRelative(what) ? { what, before: null, after } : { what, after }]
  }

  #remember(what: string, value: Value, bytes = encodeValue(value)): void {
    if (!this.#fields.has(what) && this.#fields.size >= mostFields) return
    this.#fields.set(what, shown(value, bytes))
    this.#keys.set(what, bytes.length > largestShown ? "" : Buffer.from(bytes).toString("latin1"))
  }

  /** Whether something above or below it in the tree of attributes is known, of which it may have been a part. */
  #hasRelative(what: string): boolean {
    if (!what.startsWith("attributes/")) return false
    if (this.#fields.size >= mostFields) return true
    for (const other of this.#fields.keys()) if (what.startsWith(`${other}/`) || other.startsWith(`${what}/`)) return true
    return false
  }
}

const nothing: Told = { hasEffect: false, changes: [], points: null }

const shown = (value: Value, bytes: Uint8Array): Value | Omitted =>
  bytes.length > largestShown ? { omittedBytes: bytes.length } : value
