/** What attributes, contexts, objects and log arguments may contain. */
import { keyBytes, type IngestLimits, reservedKeys } from "../limits.ts"
import { isMap, type Value } from "../value.ts"

/** Attributes stand in a tree of keys, where some keys have a meaning of their own; other values are stored whole. */
export type ContentKind = "attributes" | "whole"

/** What is wrong with a value, and at which path within it; or null. */
export const contentProblem = (value: Value, kind: ContentKind, limits: IngestLimits): string | null => {
  const walk = new Walk(kind, limits)
  const problem = walk.problem(value, 0, 0)
  return problem === null || walk.path.length === 0 ? problem : `${walk.path.join(".")}: ${problem}`
}

const leastInteger = -(2n ** 63n)
const greatestInteger = 2n ** 64n - 1n

class Walk {
  /** The keys down to where the walk stands, or stopped. */
  readonly path: (string | number)[] = []
  readonly #kind: ContentKind
  readonly #limits: IngestLimits
  #leaves = 0

  constructor(kind: ContentKind, limits: IngestLimits) {
    this.#kind = kind
    this.#limits = limits
  }

  problem(value: Value, depth: number, pathBytes: number): string | null {
    if (typeof value === "bigint" && (value < leastInteger || value > greatestInteger))
      return `integer of ${value.toString().replace("-", "").length} digits does not fit in 64 bits`
    const isList = Array.isArray(value)
    if (!isList && !isMap(value)) return this.#leaf()
    if (depth >= this.#limits.depth) return `nested deeper than ${this.#limits.depth} levels`
    if (isList ? value.length === 0 : isMap(value) && value.size === 0) return this.#leaf()
    for (const [key, item] of isList ? value.entries() : (value as ReadonlyMap<string, Value>)) {
      this.path.push(key)
      const bytes = pathBytes + (typeof key === "string" ? keyBytes(key) : 4) + 2
      const problem = this.#keyProblem(key, bytes) ?? this.problem(item, depth + 1, bytes)
      if (problem !== null) return problem
      this.path.pop()
    }
    return null
  }

  #leaf(): string | null {
    if (this.#kind === "whole" || ++this.#leaves <= this.#limits.attributes) return null
    return `more than ${this.#limits.attributes} attributes in one message`
  }

  #keyProblem(key: string | number, pathBytes: number): string | null {
    if (key === "") return "key is empty"
    if (typeof key === "string" && !key.isWellFormed()) return "key is not valid Unicode (a lone surrogate)"
    if (this.#kind === "whole") return null
    if (typeof key === "string" && reservedKeys.has(key)) return "key is reserved"
    const most = this.#limits.pathBytes
    if (pathBytes <= most) return null
    // The key itself may be what is too long to be shown.
    this.path[this.path.length - 1] = typeof key === "string" ? `${key.slice(0, 40)}…` : key
    return `path has ${pathBytes} bytes, at most ${most} are kept`
  }
}
