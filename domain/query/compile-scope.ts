import { childrenOfScope, type Node } from "./syntax.ts"
import type { Meter, PyValue } from "./values.ts"

/** The variables of one running scope. A comprehension and a lambda each have their own, under the one around them. */
export class Frame {
  readonly slots: (PyValue | undefined)[]
  readonly parent: Frame | null
  readonly meter: Meter
  constructor(slots: (PyValue | undefined)[], parent: Frame | null, meter: Meter) {
    this.slots = slots
    this.parent = parent
    this.meter = meter
  }
}

/** A compiled expression. */
export type Code = (frame: Frame) => PyValue

/** What a whole query is compiled with. */
export interface Settings {
  /** What every query may name: builtins, modules, dates. */
  readonly globals: ReadonlyMap<string, PyValue>
  /** Minutes west of UTC, as browsers send them. */
  readonly timezoneOffsetMinutes: number
  /** What the search pairs runs with; null in run search. */
  readonly sequenceName: string | null
}

/** The names of a scope while it is compiled. */
export class Scope {
  readonly names = new Map<string, number>()
  readonly kind: "whole" | "lambda" | "comprehension"
  readonly parent: Scope | null
  readonly settings: Settings
  constructor(kind: "whole" | "lambda" | "comprehension", parent: Scope | null, settings: Settings) {
    this.kind = kind
    this.parent = parent
    this.settings = settings
  }

  /** The place of a name in this scope, made if it has none. */
  declare(name: string): number {
    const known = this.names.get(name)
    if (known !== undefined) return known
    this.names.set(name, this.names.size)
    return this.names.size - 1
  }
}

/** How a name is found from a scope: scopes up, place there; undefined for what no scope binds. */
export interface Binding {
  readonly up: number
  readonly slot: number
  readonly kind: Scope["kind"]
}

export const lookUp = (scope: Scope, name: string): Binding | undefined => {
  let up = 0
  for (let at: Scope | null = scope; at !== null; at = at.parent, up++) {
    const slot = at.names.get(name)
    if (slot !== undefined) return { up, slot, kind: at.kind }
  }
  return undefined
}

/** Where `:=` binds: the nearest scope that is no comprehension. */
export const walrusBinding = (scope: Scope, name: string): Binding => {
  let up = 0
  let at = scope
  while (at.kind === "comprehension" && at.parent !== null) {
    at = at.parent
    up++
  }
  return { up, slot: at.declare(name), kind: at.kind }
}

/** The frame that holds a binding. */
export const frameAt = (frame: Frame, up: number): Frame => {
  let at = frame
  for (let left = up; left > 0 && at.parent !== null; left--) at = at.parent
  return at
}

/** Makes places for all that `:=` binds in a scope, before anything reads them. */
export const declareWalruses = (node: Node, scope: Scope): void => {
  if (node.kind === "walrus") scope.declare(node.name)
  for (const child of childrenOfScope(node)) declareWalruses(child, scope)
}
