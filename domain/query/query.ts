import { builtins } from "./builtins.ts"
import { check } from "./check.ts"
import { compileNode } from "./compile-expression.ts"
import { type Code, declareWalruses, Frame, Scope } from "./compile-scope.ts"
import { truth } from "./collections.ts"
import { dateTypes } from "./dates.ts"
import type { RunFacts, SequenceFacts } from "./facts.ts"
import { limits, type QueryRefused, QueryTooDear } from "./faults.ts"
import { type Needs, needsOf } from "./needs.ts"
import { RunObject, SequenceObject } from "./objects.ts"
import { parse } from "./parser.ts"
import { type Plan, planQuery } from "./plan.ts"
import { prepare } from "./prepare.ts"
import { isArchived } from "./recognise.ts"
import { children, type Node } from "./syntax.ts"
import { traceNames } from "./trace-names.ts"
import { Meter, PyError, type PyValue } from "./values.ts"

export interface CompileOptions {
  /** Minutes that the user's clock is behind UTC (`X-Timezone-Offset`, as browsers send it: UTC+4 is -240). */
  readonly timezoneOffsetMinutes: number
  /** What the search pairs runs with; null in run search. */
  readonly sequenceName: "metric" | "images" | "texts" | "distributions" | "audios" | "figures" | null
  /** Unix seconds that `datetime.now()` gives; without it that call matches nothing. */
  readonly now?: number
}

/** What many evaluations may cost together; `matches` takes from it. */
export interface Budget {
  steps: number
}

export interface Query {
  /** The expression that is evaluated: what was asked, without `SELECT … IF` and white space around it. */
  readonly text: string
  readonly isEmpty: boolean
  /**
   * Whether the query selects the run, or the run with the sequence, as Python would: whatever raises does not match.
   * Throws QueryTooDear, and nothing else, beyond a limit.
   */
  readonly matches: (facts: { readonly run: RunFacts; readonly sequence?: SequenceFacts }, budget: Budget) => boolean
  /** What the facts must hold beside a run's own fields. */
  readonly needs: Needs
  readonly plan: Plan
  /** In metric search: the only names a matching metric can have; null for any. */
  readonly traceNames: ReadonlySet<string> | null
}

/** Parses, checks and compiles a query. A query that is refused touches nothing. */
export const compile = (
  source: string,
  options: CompileOptions,
): { readonly query: Query } | { readonly refused: QueryRefused } => {
  if (new TextEncoder().encode(source).length > limits.sourceBytes)
    return {
      refused: {
        _tag: "QueryTooLarge",
        message: `The query is longer than ${limits.sourceBytes} bytes`,
        limit: limits.sourceBytes,
      },
    }
  const text = prepare(source)
  if (text === "") return { query: queryOf(null, "", options) }
  const parsed = parse(text)
  if ("refused" in parsed) return parsed
  const refused = check(parsed.tree, text)
  return refused === undefined ? { query: queryOf(parsed.tree, text.slice(1, -1), options) } : { refused }
}

const queryOf = (tree: Node | null, text: string, options: CompileOptions): Query => {
  const { sequenceName, timezoneOffsetMinutes } = options
  const nodes = tree === null ? [] : nodesOf(tree)
  const hidesArchived = !nodes.some((node) => node.kind === "compare" && node.operands.some(isArchived))
  // A name that the query binds itself no longer means what the planner takes it for.
  const isRebound = nodes.some(bindsPlanned)
  const planned = tree !== null && !isRebound ? tree : null
  const plan = planQuery(planned, hidesArchived, { sequenceName, timezoneOffsetMinutes })
  return {
    text,
    isEmpty: tree === null,
    matches: tree === null ? ({ run }) => !run.archived : matcher(tree, nodes.length, hidesArchived, options),
    needs: needsOf(nodes, sequenceName),
    plan: isRebound && plan.kind !== "scan" ? { ...plan, exact: false } : plan,
    traceNames: planned === null || sequenceName !== "metric" ? null : traceNames(planned),
  }
}

const nodesOf = (tree: Node): readonly Node[] => {
  const found: Node[] = [tree]
  for (let at = 0; at < found.length; at++) {
    const node = found[at]
    if (node !== undefined) found.push(...children(node))
  }
  return found
}

const plannedNames = new Set(["run", "metric", "datetime"])

const bindsPlanned = (node: Node): boolean => {
  if (node.kind === "walrus") return plannedNames.has(node.name)
  if (node.kind === "lambda") return node.parameters.some(({ name }) => plannedNames.has(name))
  if (node.kind !== "comprehension") return false
  return node.clauses.some(({ target }) => nodesOf(target).some((each) => each.kind === "name" && plannedNames.has(each.name)))
}

const matcher = (tree: Node, price: number, hidesArchived: boolean, options: CompileOptions): Query["matches"] => {
  const { sequenceName, timezoneOffsetMinutes } = options
  const globals = new Map<string, PyValue>([...builtins, ...dateTypes({ timezoneOffsetMinutes, now: options.now })])
  const scope = new Scope("whole", null, { globals, timezoneOffsetMinutes, sequenceName })
  scope.declare("run")
  if (sequenceName !== null) scope.declare(sequenceName)
  declareWalruses(tree, scope)
  const code = compileNode(tree, scope)
  return ({ run, sequence }, budget) => {
    if (hidesArchived && run.archived) return false
    const asked = new RunObject(run)
    const slots: (PyValue | undefined)[] = sequence === undefined ? [asked] : [asked, new SequenceObject(sequence, asked)]
    const meter = new Meter(Math.min(limits.steps, budget.steps))
    try {
      meter.charge(price)
      return evaluate(code, new Frame(slots, null, meter))
    } finally {
      budget.steps -= Math.min(limits.steps, budget.steps) - meter.left
    }
  }
}

const evaluate = (code: Code, frame: Frame): boolean => {
  try {
    return truth(code(frame))
  } catch (error) {
    if (error instanceof PyError) return false
    // The stack of the process ends before our own count of calls where a query nests generators: too dear as well.
    if (error instanceof RangeError) throw new QueryTooDear("The query needs too much memory")
    throw error
  }
}
