/** Reads the `q` of a search, and tells whoever wrote it what is wrong with it. */
import type { FastifyRequest } from "fastify"
import { compile, type CompileOptions, type Query, type QueryRefused } from "../../domain/query/index.ts"
import * as parameters from "./api-parameters.ts"
import { badRequest, HttpFault } from "./errors.ts"

/** The compiled `q`; `sequenceName` is what the search pairs runs with. 400 where it is no query, or one that is refused. */
export const queryIn = (request: FastifyRequest, sequenceName: CompileOptions["sequenceName"], now: number): Query =>
  queryOf(parameters.query.read(request) ?? "", request, sequenceName, now)

/** As {@link queryIn}, for a query that stands elsewhere in the request. */
export const queryOf = (
  text: string,
  request: FastifyRequest,
  sequenceName: CompileOptions["sequenceName"],
  now: number,
): Query => {
  const compiled = compile(text, { timezoneOffsetMinutes: parameters.timezone.read(request), sequenceName, now })
  // The web UI takes 2 from the offset: our parenthesis, and its own, which it sets in searches of sequences alone.
  if ("refused" in compiled) throw queryFault(compiled.refused, text, sequenceName === null ? 1 : 0)
  return compiled.query
}

/** The web UI points at a place only under this `message`. */
const pointed = "SyntaxError"

/** No end is told: the web UI would show the end as "undefined", and without one it underlines the word at the place. */
const queryFault = (refused: QueryRefused, statement: string, shift: number): HttpFault => {
  if (refused._tag === "QueryTooLarge") return badRequest(refused.message)
  const place = { statement, line: refused.line, offset: refused.offset + shift }
  if (refused._tag === "QueryForbidden") return new HttpFault(400, refused.message, pointed, place)
  return new HttpFault(400, `Invalid query syntax: ${refused.message} (<query>, line ${place.line})`, pointed, place)
}
