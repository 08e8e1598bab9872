/** What a request for series asks for: which ones, and in which form. */
import type { FastifyRequest } from "fastify"
import type { Axis } from "../../projections/series-buckets.ts"
import * as parameters from "./api-parameters.ts"
import { badRequest } from "./errors.ts"
import { exactBody } from "./json-body.ts"
import { listIn, mapIn, type NamedTrace, namedTraces, textIn } from "./traces-in-body.ts"

export const mostSeries = 1_000

export interface SeriesForm {
  readonly axis: Axis
  /** None: every point is asked for. */
  readonly buckets: number | undefined
  /** Bounds along the axis, both included; the series themselves bound it where there are none. */
  readonly from: number | undefined
  readonly to: number | undefined
}

/** One series that is asked for by its names. */
export interface NamedSeries extends NamedTrace {
  readonly run: string
}

/** Throws a 4xx that names the parameter. */
export const seriesForm = (request: FastifyRequest): SeriesForm => {
  const form = {
    buckets: parameters.seriesBuckets.read(request),
    axis: parameters.seriesAxis.read(request),
    from: parameters.seriesFrom.read(request),
    to: parameters.seriesTo.read(request),
  }
  const { buckets, axis, from, to } = form
  if (buckets === undefined && axis !== "step") throw badRequest("x: without buckets series lie along their steps")
  if (from !== undefined && to !== undefined && from > to) throw badRequest("from: it is above to")
  return form
}

/** The body of a POST: `{"q": …}`, or `{"series": [{"run", "name", "context"}, …]}`. */
export const seriesInBody = (request: FastifyRequest): string | readonly NamedSeries[] => {
  const body = mapIn(exactBody(request), "body")
  if (body.has("q")) return textIn(body.get("q"), "body.q")
  const listed = listIn(body.get("series"), "body.series")
  checkCount(listed.length, "body.series")
  const named = namedTraces(listed, "body.series")
  return named.map((one, i) => {
    const at = `body.series.${i}`
    return { ...one, run: textIn(mapIn(listed[i], at).get("run"), `${at}.run`) }
  })
}

/** 400 where there are more series than one answer tells. */
export const checkCount = (count: number, where: string): void => {
  if (count > mostSeries) throw badRequest(`${where}: at most ${mostSeries} series are sent at once; ask for fewer`)
}
