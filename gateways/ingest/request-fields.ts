/** What is read of a request's body, and what is told of a wrong one: in the shape of the reference's framework. */
import { bytesOf, hasControl } from "../../domain/limits.ts"

/** One thing wrong with a request: what kind, where, in words, and what was sent. */
export interface Detail {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly input: unknown
}

/** Something wrong within a field; `at` leads from the field to it. */
export interface Problem {
  readonly at: readonly (string | number)[]
  readonly msg: string
}

export interface Field<A> {
  readonly is: (value: unknown) => value is A
  /** How a value of another type is refused. */
  readonly type: string
  readonly msg: string
  /** What stands for a field that is not there; without it there must be one. */
  readonly fallback?: A
  /** A method, so that fields of several types can stand in one list. */
  problem(value: A): string | null | readonly Problem[]
}

type FieldsOf<T> = { readonly [K in keyof T]: Field<T[K]> }

/** The fields of a body, or all that is wrong with them: first with their types, and where those are right with their values. */
export const fieldsOf = <T extends object>(body: unknown, fields: FieldsOf<T>): T | readonly Detail[] => {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return [{ type: "model_attributes_type", loc: ["body"], msg: "Expected an object", input: body ?? null }]
  const told = Object.entries<Field<unknown>>(fields)
  const given = body as Readonly<Record<string, unknown>>
  const valueOf = (name: string): unknown => (Object.hasOwn(given, name) ? given[name] : undefined)
  const values = Object.fromEntries(told.map(([name, { fallback }]) => [name, valueOf(name) ?? missing(valueOf(name), fallback)]))
  const typeDetails = told.flatMap(([name, field]) => typeDetail(name, values[name], field, body))
  if (typeDetails.length > 0) return typeDetails
  const valueDetails = told.flatMap(([name, field]) => valueDetail(name, values[name], field))
  // Each was found to be what its field says.
  return valueDetails.length > 0 ? valueDetails : (values as T)
}

/** A null that was sent is none that is missing. */
const missing = (value: unknown, fallback: unknown): unknown => (value === null ? null : fallback)

const typeDetail = (name: string, value: unknown, { is, type, msg }: Field<unknown>, body: object): readonly Detail[] => {
  if (value === undefined) return [{ type: "missing", loc: ["body", name], msg: "Field required", input: body }]
  return is(value) ? [] : [{ type, loc: ["body", name], msg, input: value }]
}

const valueDetail = (name: string, value: unknown, { problem }: Field<unknown>): readonly Detail[] => {
  const found = problem(value)
  const problems = typeof found === "string" ? [{ at: [], msg: found }] : (found ?? [])
  const input = typeof value === "object" ? value : String(value).slice(0, 200)
  return problems.map(({ at, msg }) => ({
    type: "value_error",
    loc: ["body", name, ...at],
    msg,
    input: at.length > 0 ? null : input,
  }))
}

export const isText = (value: unknown): value is string => typeof value === "string"
export const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

export const textField = (problem: (value: string) => string | null, fallback?: string): Field<string> => ({
  is: isText,
  type: "string_type",
  msg: "Expected a string",
  ...(fallback === undefined ? {} : { fallback }),
  problem,
})

/** As {@link textField}, where none need be and null says so as well. */
export const optionalText = (problem: (value: string) => string | null): Field<string | null> => ({
  is: (value) => value === null || isText(value),
  type: "string_type",
  msg: "Expected a string",
  fallback: null,
  problem: (value) => (value === null ? null : problem(value)),
})

export const wholeField = (least: number, most: number): Field<number> => ({
  is: isWhole,
  type: "int_type",
  msg: "Expected an integer",
  problem: (value) => (value >= least && value <= most ? null : `must be from ${least} to ${most}`),
})

export const contentTypeProblem = (contentType: string): string | null =>
  hasControl(contentType) || bytesOf(contentType) > 256 ? "content_type has control characters or more than 256 bytes" : null

export const sha256Problem = (sha256: string): string | null =>
  /^[0-9a-f]{64}$/i.test(sha256) ? null : "a SHA-256 is 64 hexadecimal digits"
