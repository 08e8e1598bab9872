/** The named schemas of what binary streams hold, as a reader of the codec rebuilds it (docs/streams.md). */
import { anyObject, flag, integer, type JsonSchema, list, number, object, orNull, ref, text, time } from "./api-schema.ts"

const range = { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 } as const satisfies JsonSchema

const oneOfSequence = { name: text(), context: anyObject }

const listItems = { index_range_used: orNull(range), index_range_total: orNull(range) }
const recordRanges = { record_range_used: range, record_range_total: range }

const inBlobStore = { caption: text(), format: text(), blob_uri: text("For get-batch of the blobs"), index: integer() }

const items: Readonly<Record<string, JsonSchema>> = {
  images: object({ ...inBlobStore, width: orNull(number()), height: orNull(number()) }),
  audios: object(inBlobStore),
  texts: object({ data: text(), index: integer() }),
  distributions: object({ data: ref("NumericArray"), bin_count: integer(), range: list(number()) }),
  figures: object({ data: text("Plotly's JSON"), index: integer() }),
}

/** What stands for one item of a kind of objects; kinds of which one step has several are sent as lists. */
export const itemsOf = (kind: { readonly name: string; readonly isList: boolean }): JsonSchema =>
  kind.isList ? list(ref(itemName(kind.name))) : { anyOf: [ref(itemName(kind.name)), { type: "null" }] }

export const itemName = (kind: string): string => `Item_${kind}`

/** Runs by their ids, among them frames of progress. */
export const byRun = (schema: JsonSchema): JsonSchema => ({
  type: "object",
  patternProperties: { [String.raw`^progress_\d+$`]: ref("Progress") },
  additionalProperties: schema,
})

/** Runs with the sequences of one kind that match. */
export const objectsFound = (kind: { readonly name: string; readonly isList: boolean }): JsonSchema =>
  byRun(
    object({
      params: anyObject,
      traces: list(
        object({
          ...oneOfSequence,
          values: list(itemsOf(kind)),
          iters: list(integer("A step")),
          epochs: list(orNull(number())),
          timestamps: list(orNull(time)),
        }),
      ),
      props: ref("Props"),
      ranges: object({ ...recordRanges, ...listItems }, Object.keys(listItems)),
    }),
  )

/** One sequence at the root; empty where there is none of that name. */
export const objectSequence = (values: JsonSchema): JsonSchema => {
  const properties = { ...oneOfSequence, values, iters: list(integer("A step")), ...recordRanges, ...listItems }
  return object(properties, Object.keys(properties))
}

export const treeSchemas: Readonly<Record<string, JsonSchema>> = {
  Progress: {
    type: "array",
    items: { type: "integer" },
    minItems: 2,
    maxItems: 2,
    description: "Looked at, of how many; (0, 0): done",
  },
  NumericArray: object({
    type: { const: "numpy" },
    shape: integer("How many numbers"),
    dtype: { const: "float64" },
    blob: { description: "Bytes: little-endian float64, NaN and the infinities as they are" },
  }),
  RunFound: object({
    params: anyObject,
    traces: object({
      metric: list(
        object({
          ...oneOfSequence,
          values: object({
            last: orNull(number("At the highest step")),
            last_step: orNull(integer()),
            first: orNull(number()),
            min: orNull(number()),
            max: orNull(number()),
          }),
        }),
      ),
    }),
    props: ref("Props"),
  }),
  ActiveRun: object({
    traces: object({
      metric: list(object({ ...oneOfSequence, values: object({ last: orNull(number()), last_step: orNull(integer()) }) })),
    }),
    props: ref("Props"),
  }),
  MetricsFound: object({
    params: anyObject,
    traces: list(
      object(
        {
          ...oneOfSequence,
          slice: { type: "array", items: { type: "integer" }, minItems: 3, maxItems: 3 },
          values: ref("NumericArray"),
          iters: ref("NumericArray"),
          epochs: ref("NumericArray"),
          timestamps: ref("NumericArray"),
          x_axis_values: ref("NumericArray"),
          x_axis_iters: ref("NumericArray"),
        },
        ["x_axis_values", "x_axis_iters"],
      ),
    ),
    props: ref("Props"),
  }),
  AlignedMetric: object({ ...oneOfSequence, x_axis_values: ref("NumericArray"), x_axis_iters: ref("NumericArray") }, [
    "x_axis_values",
    "x_axis_iters",
  ]),
  LogRecord: object({
    message: { description: "What was logged, a text as a rule" },
    log_level: text("`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`"),
    timestamp: time,
    args: { description: "Any value" },
    logger_info: { description: "Any value" },
    is_notified: flag,
  }),
  ...Object.fromEntries(Object.entries(items).map(([kind, schema]) => [itemName(kind), schema])),
}
