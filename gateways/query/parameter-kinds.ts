/** The kinds of parameters that routes take, by which each is told and read (api-parameters.ts). */
import type { FastifyRequest } from "fastify"
import type { JsonSchema } from "./api-schema.ts"
import { invalid } from "./errors.ts"
import {
  booleanParameter,
  type IntegerBounds,
  integerParameter,
  rangeParameter,
  type StepRange,
  textParameter,
  textParameters,
} from "./parameters.ts"

export interface Parameter<A = unknown> {
  readonly name: string
  readonly in: "query" | "header"
  readonly says: string
  readonly schema: JsonSchema
  readonly isRequired: boolean
  readonly example?: string
  /** Throws a 4xx that names the parameter where it is none. */
  readonly read: (request: FastifyRequest) => A
}

interface Told {
  readonly schema?: JsonSchema
  readonly isRequired?: boolean
  readonly example?: string
}

export const text = (
  name: string,
  says: string,
  { schema, isRequired = false, example }: Told = {},
): Parameter<string | undefined> => ({
  name,
  in: "query",
  says,
  schema: { type: "string", ...schema },
  isRequired,
  ...(example === undefined ? {} : { example }),
  read: (request) => textParameter(request, name),
})

export const integer = <D extends number | undefined>(
  name: string,
  missing: D,
  says: string,
  bounds: IntegerBounds = {},
): Parameter<number | D> => ({
  name,
  in: "query",
  says,
  schema: { type: "integer", ...schemaOfBounds(bounds), ...(missing === undefined ? {} : { default: missing }) },
  isRequired: false,
  read: (request) => integerParameter(request, name, missing, bounds),
})

const schemaOfBounds = ({ least, most }: IntegerBounds): JsonSchema => ({
  ...(least === undefined ? {} : { minimum: least }),
  ...(most === undefined ? {} : { maximum: most }),
})

export const flag = (name: string, missing: boolean, says: string): Parameter<boolean> => ({
  name,
  in: "query",
  says,
  schema: { type: "boolean", default: missing },
  isRequired: false,
  read: (request) => booleanParameter(request, name, missing),
})

export const range = (name: string, says: string): Parameter<StepRange> => ({
  name,
  in: "query",
  says,
  schema: { type: "string", pattern: String.raw`^\s*([+-]?\d+)?\s*(:\s*([+-]?\d+)?\s*)?$`, default: "" },
  isRequired: false,
  example: "0:100",
  read: (request) => rangeParameter(request, name),
})

/** One that may be given several times. */
export const texts = (name: string, says: string, items: JsonSchema = { type: "string" }): Parameter<readonly string[]> => ({
  name,
  in: "query",
  says,
  schema: { type: "array", items },
  isRequired: false,
  read: (request) => textParameters(request, name),
})

/** One of some words, the first where it is missing; 422 where it is another. */
export const choice = <W extends string>(name: string, words: readonly [W, ...W[]], says: string): Parameter<W> => ({
  name,
  in: "query",
  says,
  schema: { type: "string", enum: words, default: words[0] },
  isRequired: false,
  read: (request) => {
    const told = textParameter(request, name) ?? words[0]
    const word = words.find((one) => one === told)
    if (word === undefined) throw invalid(name, `Input should be ${words.map((one) => `'${one}'`).join(" or ")}`)
    return word
  },
})

export const header = (name: string, says: string): Parameter<string | undefined> => ({
  name,
  in: "header",
  says,
  schema: { type: "string" },
  isRequired: false,
  read: ({ headers }) => {
    const told = headers[name.toLowerCase()]
    return Array.isArray(told) ? told.at(-1) : told
  },
})
