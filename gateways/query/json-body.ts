/** JSON in and out: bodies read exactly (`1` and `1.0` apart) and checked by a schema, answers printed as Python prints them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { Result, type Schema, SchemaIssue, SchemaParser } from "effect"
import { parseJson } from "../../domain/json.ts"
import { toJson } from "../../domain/json-text.ts"
import { Float, float, isMap, type Value } from "../../domain/value.ts"
import { HttpFault } from "./errors.ts"
import { NumericColumn, type Tree } from "./stream-codec.ts"
import type { PathKey } from "./stream-path.ts"

/** Sends JSON. Floats keep their point; NaN and the infinities, which JSON lacks, are null (the binary answers have them). */
export const sendJson = (reply: FastifyReply, body: Tree, status = 200): FastifyReply =>
  reply.code(status).type("application/json; charset=utf-8").send(jsonText(body))

export const jsonText = (body: Tree): string => toJson(valueOf(body), { nonFinite: "null" })

/** Makes a server read every body as JSON, whatever its type is said to be; an empty one is no body. */
export const readBodies = (server: FastifyInstance): void => {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => {
    if (text === "") return done(null, undefined)
    const parsed = parseJson(String(text))
    if ("error" in parsed) done(new HttpFault(422, "JSON decode error", `the body is not JSON: ${parsed.error}`))
    else done(null, parsed.value)
  })
}

/** The body as a schema reads it; 422 in words that name the field. */
export const bodyOf = <S extends Schema.ConstraintDecoder<unknown>>(request: FastifyRequest, schema: S): S["Type"] => {
  const read = SchemaParser.decodeUnknownResult(schema, { errors: "all" })(plain(exactBody(request)))
  if (Result.isSuccess(read)) return read.success
  throw bodyFault(read.failure)
}

/** The body with its numbers as they were written. */
export const exactBody = (request: FastifyRequest): Value => (request.body as Value | undefined) ?? null

/** The field of a body that is a map, with its numbers as they were written. */
export const exactField = (request: FastifyRequest, name: string): Value | undefined => {
  const body = exactBody(request)
  return isMap(body) ? body.get(name) : undefined
}

const bodyFault = (issue: SchemaIssue.Issue): HttpFault => {
  const { issues } = format(issue)
  const texts = issues.map(({ message }) => sayPlainly(message))
  const named = issues.map(({ message, path }) => {
    const place = ["body", ...(path ?? []).map((part) => String(typeof part === "object" ? part.key : part))]
    return `${place.join(".").slice(0, 200)}: ${sayPlainly(message)}`
  })
  return new HttpFault(422, texts.join("; "), named.join("; "))
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    if (issue._tag === "MissingKey") return "Field required"
    if (issue._tag !== "InvalidType") return "Input is not valid"
    const wanted = issue.ast._tag
    return `Input should be a valid ${wantedTypes[wanted] ?? wanted.toLowerCase()}`
  },
})

/** Of what may also be null or missing, effect says all that it may be; clients are told what was wanted. */
const sayPlainly = (message: string): string => {
  const [, wanted] = /^Expected (an integer|\w+|\{)/.exec(message) ?? []
  if (wanted === undefined) return message
  if (wanted === "an integer") return "Input should be a valid integer"
  return `Input should be a valid ${wanted === "string" || wanted === "boolean" ? wanted : "dictionary"}`
}

const wantedTypes: Readonly<Record<string, string>> = { Objects: "dictionary", Arrays: "list", Declaration: "dictionary" }

/** A value as `JSON.parse` would give it. */
const plain = (value: Value): unknown => {
  if (value instanceof Float) return value.value
  if (typeof value === "bigint") return Number(value)
  if (isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  return Array.isArray(value) ? (value as readonly Value[]).map(plain) : value
}

const valueOf = (body: Tree): Value => {
  if (body === null || typeof body !== "object" || body instanceof Float || body instanceof Uint8Array) return body
  if (body instanceof NumericColumn) return Array.from(body.values, float)
  if (isList(body)) return body.map(valueOf)
  const entries: Iterable<readonly [PathKey, Tree | undefined]> = body instanceof Map ? body : Object.entries(body)
  const map = new Map<string, Value>()
  for (const [key, item] of entries) if (item !== undefined) map.set(String(key), valueOf(item))
  return map
}

/** Array.isArray does not narrow read-only types. */
const isList = (body: Tree): body is readonly Tree[] => Array.isArray(body)
