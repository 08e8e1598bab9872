/** Reads what stands in an address: ids, and query parameters as leniently as the reference does. */
import type { FastifyRequest } from "fastify"
import { defaultIngestLimits, runIdProblem } from "../../domain/limits.ts"
import { badRequest, invalid, notFound } from "./errors.ts"

/** An id that stands in the path. One that nothing can have is answered as any other that is not there: 404. */
export const idIn = (request: FastifyRequest, name = "id"): string => {
  const id = (request.params as Readonly<Record<string, string>>)[name] ?? ""
  const problem = runIdProblem(id, defaultIngestLimits)
  if (problem !== null) throw notFound(`no such id: ${problem.replace("run id", "it")}`)
  return id
}

/** Whether a text may be an id at all; ids in bodies that may not are ignored. */
export const isId = (id: string): boolean => runIdProblem(id, defaultIngestLimits) === null

/** The last value of a query parameter. */
export const textParameter = (request: FastifyRequest, name: string): string | undefined => allOf(request, name).at(-1)

/** All values of a repeatable query parameter. */
export const textParameters = (request: FastifyRequest, name: string): readonly string[] => allOf(request, name)

export interface IntegerBounds {
  readonly least?: number
  readonly most?: number
}

/** 422 where it is no integer, or outside the bounds. */
export const integerParameter = <D>(
  request: FastifyRequest,
  name: string,
  missing: D,
  bounds: IntegerBounds = {},
): number | D => {
  const text = textParameter(request, name)
  return text === undefined ? missing : boundedInteger(name, text, bounds)
}

const boundedInteger = (name: string, text: string, { least, most }: IntegerBounds): number => {
  const trimmed = text.trim()
  if (!/^[+-]?\d+$/.test(trimmed)) throw invalid(name, "Input should be a valid integer, unable to parse string as an integer")
  const number = Number(trimmed)
  if (least !== undefined && number < least) throw invalid(name, `Input should be greater than or equal to ${least}`)
  const top = most ?? Number.MAX_SAFE_INTEGER
  if (!(number <= top && number >= Number.MIN_SAFE_INTEGER)) throw invalid(name, `Input should be less than or equal to ${top}`)
  return number + 0
}

const yes: ReadonlySet<string> = new Set(["true", "1", "yes", "on", "t", "y"])
const no: ReadonlySet<string> = new Set(["false", "0", "no", "off", "f", "n"])

/** 422 where it is no word for a boolean. */
export const booleanParameter = (request: FastifyRequest, name: string, missing: boolean): boolean => {
  const text = textParameter(request, name)?.toLowerCase()
  if (text === undefined) return missing
  if (yes.has(text)) return true
  if (no.has(text)) return false
  throw invalid(name, "Input should be a valid boolean, unable to interpret input")
}

/** Half-open; null means no bound. */
export interface StepRange {
  readonly start: number | null
  readonly stop: number | null
}

/** A range of steps or indexes, `start:stop` with each part optional; 400 where a part is no integer or it never can match. */
export const rangeParameter = (request: FastifyRequest, name: string): StepRange => {
  const text = textParameter(request, name)?.trim() ?? ""
  const colon = text.indexOf(":")
  if (colon === -1 && text === "") return { start: null, stop: null }
  const bound = (part: string): number | null => {
    const trimmed = part.trim()
    if (trimmed === "") return null
    const number = Number(trimmed)
    if (!/^[+-]?\d+$/.test(trimmed) || !Number.isSafeInteger(number))
      throw badRequest(`${name} must be start:stop with integers, not '${text.slice(0, 100)}'`)
    return number
  }
  // Without a colon it names no range, as in the reference, but it must still be a number.
  if (colon === -1) {
    bound(text)
    return { start: null, stop: null }
  }
  return { start: bound(text.slice(0, colon)), stop: bound(text.slice(colon + 1)) }
}

export const timezoneBounds = { least: -1_440, most: 1_440 } as const satisfies IntegerBounds

/** Minutes west of UTC, as browsers send them in `X-Timezone-Offset`; 422 where it is no integer. */
export const timezoneOffset = (request: FastifyRequest): number => {
  const header = request.headers["x-timezone-offset"]
  const text = Array.isArray(header) ? header.at(-1) : header
  return text === undefined ? 0 : boundedInteger("X-Timezone-Offset", text, timezoneBounds)
}

const allOf = (request: FastifyRequest, name: string): readonly string[] => {
  const found = (request.query as Readonly<Record<string, string | readonly string[] | undefined>>)[name]
  return found === undefined ? [] : typeof found === "string" ? [found] : found
}
