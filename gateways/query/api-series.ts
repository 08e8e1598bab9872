/** What the routes of series declare; docs/series.md describes their frames. */
import { badInput, badQuery, file, type Operation, type Operations } from "./api-operation.ts"
import * as parameters from "./api-parameters.ts"
import { list, object, text } from "./api-schema.ts"
import { mostSeries } from "./series-request.ts"

const series: Operation = {
  tag: "Search",
  summary: "Metrics in buckets of one grid, or point by point",
  says: `Up to ${mostSeries} metrics as frames of little-endian float64 columns, which docs/series.md describes.`,
  parameters: [parameters.seriesBuckets, parameters.seriesAxis, parameters.seriesFrom, parameters.seriesTo, parameters.timezone],
  answers: [file("A frame that tells what comes, and frames of series", "application/octet-stream"), badQuery, badInput],
}

/** A series by its names. */
const one = object({ run: text(), name: text(), context: { type: "object" } })

export const seriesOperations: Operations = {
  "GET /runs/series": { ...series, parameters: [parameters.query, ...(series.parameters ?? [])] },
  "POST /runs/series": {
    ...series,
    body: {
      schema: {
        ...object({ q: text("A query, as in searches"), series: { ...list(one), maxItems: mostSeries } }, ["q", "series"]),
        minProperties: 1,
      },
      example: { series: [{ run: "…", name: "loss", context: { subset: "train" } }] },
      isRequired: true,
    },
  },
}
