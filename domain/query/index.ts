export { type Budget, compile, type CompileOptions, type Query } from "./query.ts"
export type { MetricFacts, RunFacts, SequenceFacts } from "./facts.ts"
export {
  limits,
  type QueryForbidden,
  type QueryRefused,
  type QuerySyntaxError,
  QueryTooDear,
  type QueryTooLarge,
} from "./faults.ts"
export type { Needs } from "./needs.ts"
export type { Leaf, Plan } from "./plan.ts"
export type { Bounds, ValueRange } from "./plan-ranges.ts"
