import { Float as FloatValue, type Value, type ValueMap } from "../value.ts"
import type { MetricFacts, RunFacts, SequenceFacts } from "./facts.ts"
import {
  asString,
  Callable,
  Dict,
  float,
  isList,
  isStoredDict,
  type Meter,
  PyObject,
  type PyValue,
  raise,
  Tuple,
} from "./values.ts"

/** What is ordered within its own type by one number: moments, spans of time. */
export abstract class Ordered extends PyObject {
  abstract readonly rank: number
  /** `str` of it. */
  abstract text(): string
  /** `repr` of it. */
  abstract representation(): string
}

/** A stored dict as it hangs on a run or context: a missing attribute is None, a missing key raises. */
export class Wrapped extends PyObject {
  readonly typeName = "dict"
  readonly map: ValueMap
  constructor(map: ValueMap) {
    super()
    this.map = map
  }
  override attribute(name: string): PyValue {
    return wrap(this.map.get(name))
  }
  override item(key: PyValue): PyValue {
    const value = typeof key === "string" ? this.map.get(key) : undefined
    return value === undefined ? raise("KeyError") : wrap(value)
  }
  override contains(value: PyValue): boolean {
    if (isList(value) || value instanceof Dict) return raise("TypeError")
    return typeof value === "string" && this.map.has(value)
  }
  override isTrue(): boolean {
    return this.map.size > 0
  }
}

/** A stored value as a query sees it; None where there is none. */
export const wrap = (value: Value | undefined): PyValue =>
  value === undefined ? null : value instanceof Map ? new Wrapped(value) : (value as Exclude<Value, ValueMap>)

const optional = (value: number | null): PyValue => (value === null ? null : float(value))

const aggregates: ReadonlyMap<string, (facts: MetricFacts) => PyValue> = new Map<string, (facts: MetricFacts) => PyValue>([
  ["last", (facts) => optional(facts.last)],
  ["last_step", (facts) => facts.lastStep],
  ["first", (facts) => optional(facts.first)],
  ["min", (facts) => optional(facts.min)],
  ["max", (facts) => optional(facts.max)],
])

/** `run.metrics["loss"]`: without facts there is no such metric, and each attribute is None. */
class MetricObject extends PyObject {
  readonly typeName = "MetricView"
  readonly facts: MetricFacts | undefined
  constructor(facts: MetricFacts | undefined) {
    super()
    this.facts = facts
  }
  override attribute(name: string): PyValue {
    return this.facts === undefined ? null : (aggregates.get(name)?.(this.facts) ?? null)
  }
  override isTrue(): boolean {
    return this.facts !== undefined
  }
}

class MetricsObject extends PyObject {
  readonly typeName = "MetricsView"
  readonly run: RunFacts
  constructor(run: RunFacts) {
    super()
    this.run = run
  }
  override item(key: PyValue): PyValue {
    const [name, context = null] = key instanceof Tuple ? key.items : [key]
    if (key instanceof Tuple && key.items.length !== 2) return raise("ValueError")
    const map = context === null ? null : contextOf(context)
    return new MetricObject(map === undefined ? undefined : this.run.metric(asString(name ?? null), map))
  }
}

/** A context as it is stored: null for the empty one, which means any; undefined for what no context can be equal to. */
const contextOf = (value: PyValue): ValueMap | null | undefined => {
  const map = storedOf(value instanceof Wrapped ? value.map : value)
  if (map === undefined) return undefined
  return map instanceof Map ? (map.size === 0 ? null : map) : raise("TypeError")
}

const storedOf = (value: PyValue): Value | undefined => {
  if (value instanceof Wrapped) return value.map
  if (value instanceof Dict) {
    const map = new Map<string, Value>()
    for (const [key, item] of value.entries.values()) {
      const stored = storedOf(item)
      if (typeof key !== "string" || stored === undefined) return undefined
      map.set(key, stored)
    }
    return map
  }
  if (isList(value)) {
    const items = value.map(storedOf)
    return items.every((item) => item !== undefined) ? items : undefined
  }
  if (value === null || isStoredDict(value) || value instanceof Uint8Array || value instanceof FloatValue) return value
  return typeof value === "object" ? undefined : value
}

class TagsObject extends PyObject {
  readonly typeName = "TagsView"
  readonly tags: ReadonlySet<string>
  constructor(tags: ReadonlySet<string>) {
    super()
    this.tags = tags
  }
  override contains(value: PyValue): boolean {
    return typeof value === "string" && this.tags.has(value)
  }
  override attribute(name: string): PyValue {
    if (name !== "contains") return null
    return new Callable((args) => (args.length === 1 ? this.contains(args[0] ?? null) : raise("TypeError")))
  }
}

/** The properties of a run; any other name is a parameter. */
export const runProperties: ReadonlyMap<string, (run: RunFacts) => PyValue> = new Map<string, (run: RunFacts) => PyValue>([
  ["hash", (run) => run.hash],
  ["name", (run) => run.name],
  ["description", (run) => run.description],
  ["experiment", (run) => run.experiment],
  ["tags", (run) => new TagsObject(run.tags)],
  ["created_at", (run) => float(run.createdAt)],
  ["creation_time", (run) => float(run.createdAt)],
  ["end_time", (run) => optional(run.finalizedAt)],
  ["duration", (run) => float(run.finalizedAt === null ? 0 : Math.max(0, run.finalizedAt - run.createdAt))],
  ["active", (run) => run.active],
  ["archived", (run) => run.archived],
  ["is_archived", (run) => run.archived],
  ["metrics", (run) => new MetricsObject(run)],
])

export class RunObject extends PyObject {
  readonly typeName = "RunView"
  readonly facts: RunFacts
  constructor(facts: RunFacts) {
    super()
    this.facts = facts
  }
  override attribute(name: string): PyValue {
    const property = runProperties.get(name)
    return property === undefined ? wrap(this.facts.attributes.get(name)) : property(this.facts)
  }
  override item(key: PyValue): PyValue {
    return typeof key === "string" ? wrap(this.facts.attributes.get(key)) : null
  }
}

/** `metric`, `images` and the like: one sequence of a run. */
export class SequenceObject extends PyObject {
  readonly typeName = "SequenceView"
  readonly facts: SequenceFacts
  readonly run: RunObject
  constructor(facts: SequenceFacts, run: RunObject) {
    super()
    this.facts = facts
    this.run = run
  }
  override attribute(name: string, _meter: Meter): PyValue {
    if (name === "name") return this.facts.name
    if (name === "context") return new Wrapped(this.facts.context)
    if (name === "run") return this.run
    return aggregates.get(name)?.(this.facts) ?? null
  }
}
