/** Rows of runs as columns, for tables and charts. */
import type { MetricSummary, RowFields } from "./rows.ts"

/** Numbers, NaN where a row has none; or anything else, null where a row has none. */
export type Column = Float64Array<ArrayBuffer> | readonly unknown[]

/** A metric's column: one of the numbers that are known of it, by its name; `context` matters where it is logged in several. */
export interface MetricColumn {
  readonly metric: string
  readonly context?: Readonly<Record<string, unknown>>
  /** `last` without it. */
  readonly of?: "last" | "lastStep" | "first" | "min" | "max"
}

/** A row as columns are made of it: parts that were not selected are not there. */
export type ColumnRow = RowFields & {
  readonly params?: Readonly<Record<string, unknown>>
  readonly metrics?: readonly MetricSummary[]
}

type NumberField = "created" | "ended" | "duration"
type TextField = "id" | "name" | "description" | "experiment"
type FlagField = "archived" | "active"

/**
 * What a column holds: a field of runs, a parameter by its path (`params.hparams.lr`), a metric, or whatever a function makes of
 * a row.
 */
export type ColumnSpec =
  | NumberField
  | TextField
  | FlagField
  | "tags"
  | `params.${string}`
  | MetricColumn
  | ((row: ColumnRow) => unknown)

/** What columns hold, by their names. */
export type ColumnSpecs = Readonly<Record<string, ColumnSpec>>

type ColumnOf<S extends ColumnSpec> = S extends NumberField | MetricColumn
  ? Float64Array<ArrayBuffer>
  : S extends "id" | "name" | "description"
    ? readonly string[]
    : S extends "experiment"
      ? readonly (string | null)[]
      : S extends FlagField
        ? readonly boolean[]
        : S extends "tags"
          ? readonly (readonly string[])[]
          : S extends (row: never) => infer A
            ? A extends number | null | undefined
              ? Float64Array<ArrayBuffer>
              : readonly (A | null)[]
            : Column

/** The columns that are asked for, under their names. Of a parameter they are numbers where all rows that have it have numbers. */
export type ColumnsOf<C extends ColumnSpecs> = { readonly [Name in keyof C]: ColumnOf<C[Name]> }

/** The columns of rows by what each is to hold. */
export const columnsOf = <const C extends ColumnSpecs>(rows: readonly ColumnRow[], columns: C): ColumnsOf<C> =>
  // Each column is of the type that its specification says, entry by entry.
  Object.fromEntries(Object.entries(columns).map(([name, spec]) => [name, columnOf(rows, spec)])) as ColumnsOf<C>

/**
 * A column for everything that any of the rows has: fields, parameters by their paths (`params.hparams.lr`), and the last values of
 * metrics (`metrics.loss`, and `metrics.loss {"subset":"val"}` in a context).
 */
export const everyColumn = (rows: readonly ColumnRow[]): Readonly<Record<string, Column>> => {
  const columns = new Map<string, ColumnSpec>(fields.map((field) => [field, field]))
  const metrics = new Map<string, unknown[]>()
  const params = new Map<string, unknown[]>()
  for (const [i, row] of rows.entries()) {
    for (const [path, value] of leavesOf(row.params ?? {}, "params")) put(params, path, i, rows.length, value)
    for (const { name, context, last } of row.metrics ?? [])
      put(metrics, `metrics.${name}${isEmpty(context) ? "" : ` ${keyOf(context)}`}`, i, rows.length, last)
  }
  return Object.fromEntries([
    ...[...columns].map(([name, spec]) => [name, columnOf(rows, spec)] as const),
    ...[...params].map(([name, values]) => [name, packed(values)] as const),
    ...[...metrics].map(([name, values]) => [name, numbers(values)] as const),
  ])
}

const fields = ["id", "name", "description", "experiment", "tags", "created", "ended", "duration", "archived", "active"] as const

const put = (columns: Map<string, unknown[]>, name: string, at: number, length: number, value: unknown): void => {
  let column = columns.get(name)
  if (column === undefined) columns.set(name, (column = Array.from({ length }, () => null)))
  column[at] = value
}

const columnOf = (rows: readonly ColumnRow[], spec: ColumnSpec): Column => {
  if (typeof spec === "function") return packed(rows.map(spec))
  if (typeof spec === "object") return numbers(rows.map((row) => summaryIn(row, spec)))
  switch (spec) {
    case "created":
    case "ended":
      return numbers(rows.map((row) => row[spec]))
    case "duration":
      return numbers(rows.map(({ created, ended }) => (ended === null ? null : ended - created)))
    case "experiment":
      return rows.map(({ experiment }) => experiment?.name ?? null)
    case "tags":
      return rows.map(({ tags }) => tags.map(({ name }) => name))
    case "id":
    case "name":
    case "description":
    case "archived":
    case "active":
      return rows.map((row) => row[spec])
    default:
      return packed(rows.map(({ params }) => valueAt(params, spec.slice("params.".length).split("."))))
  }
}

const summaryIn = ({ metrics = [] }: ColumnRow, { metric, context, of = "last" }: MetricColumn): number | null => {
  const key = context === undefined ? null : keyOf(context)
  const found = metrics.find((one) => one.name === metric && (key === null || keyOf(one.context) === key))
  return found?.[of] ?? null
}

/** Names may have dots themselves: the longest that is there is meant. */
const valueAt = (node: unknown, path: readonly string[]): unknown => {
  if (path.length === 0) return node
  if (typeof node !== "object" || node === null || Array.isArray(node)) return undefined
  const map = node as Readonly<Record<string, unknown>>
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join(".")
    if (Object.hasOwn(map, name)) return valueAt(map[name], path.slice(length))
  }
  return undefined
}

function* leavesOf(node: Readonly<Record<string, unknown>>, path: string): Generator<readonly [string, unknown]> {
  for (const [name, value] of Object.entries(node))
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      yield* leavesOf(value as Readonly<Record<string, unknown>>, `${path}.${name}`)
    else yield [`${path}.${name}`, value]
}

/** Numbers where there is nothing else; a column of nothing at all is one of numbers, too. */
const packed = (values: readonly unknown[]): Column =>
  values.every((value) => value === null || value === undefined || typeof value === "number")
    ? numbers(values)
    : values.map((value) => value ?? null)

const numbers = (values: readonly unknown[]): Float64Array<ArrayBuffer> =>
  Float64Array.from(values, (value) => (typeof value === "number" ? value : Number.NaN))

const isEmpty = (context: object): boolean => Object.keys(context).length === 0

/** One text for equal contexts, in whatever order their names stand. */
export const keyOf = (context: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(context, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : typeof value === "bigint"
        ? String(value)
        : value,
  )
