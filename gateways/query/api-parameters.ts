/**
 * The parameters of the query gateway's routes: each is one value, by which a handler reads it and the API's document
 * tells it, so that what is told is what is read.
 */
import type { FastifyRequest } from "fastify"
import { parseJson } from "../../domain/json.ts"
import { isMap, type ValueMap } from "../../domain/value.ts"
import { type Axis, axes } from "../../projections/series-buckets.ts"
import { bucketsIn, buckets } from "./buckets.ts"
import { invalid } from "./errors.ts"
import { textParameter, timezoneBounds, timezoneOffset } from "./parameters.ts"
import { choice, flag, header, integer, range, text, texts, type Parameter } from "./parameter-kinds.ts"

/** What a search is asked. */
export const query = text("q", "A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run", {
  schema: { default: "", maxLength: 65_536 },
  example: "run.hparams.lr < 0.01",
})

/** What names of experiments and tags are searched for. */
export const nameQuery = text("q", "A part of the name, in any case; empty: all", { schema: { default: "" } })

export const reportProgress = flag("report_progress", true, "Whether frames tell how far the search is")

export const explain = flag(
  "explain",
  false,
  "Answer JSON that tells how the search finds its runs instead of them: indexes, candidates, runs looked at, limits",
)

/** Searches leave out what the client noted of its machine, unless they are asked; a run's own page shows it. */
export const skipSystem = flag("skip_system", true, "Leave out `__system_params`")
export const skipSystemInInfo = flag("skip_system", false, "Leave out `__system_params`")

export const excludeParams = flag("exclude_params", false, "Leave out the parameters")
export const excludeTraces = flag("exclude_traces", false, "Leave out the metrics")

export const trashLimit = integer("limit", 100, "Most runs of a page", { least: 1, most: 1_000 })
export const trashCursor = text("cursor", "What the page before said was `next`; empty or missing: the first page")

export const historyLimit = integer("limit", 100, "Most events of the log that a page looks at", { least: 1, most: 1_000 })
export const historyCursor = integer("cursor", undefined, "What the page before said was `next`; missing: the first page", {
  least: 0,
})
export const historyOrder = choice("order", ["newest", "oldest"], "Which comes first")
export const historyStream = choice(
  "of",
  ["run", "control"],
  "`run`: what happened to the run itself; `control`: what the project says of it, its notes and the removal of its objects",
)

export const sequenceName = text("name", "The sequence whose points are told; missing: which sequences there are")
export const sequenceContext: Parameter<ValueMap> = {
  ...text("context", "Its context, as a JSON object", { schema: { default: "{}" }, example: '{"subset":"train"}' }),
  read: (request) => {
    const parsed = parseJson(textParameter(request, "context") ?? "{}")
    if ("error" in parsed || !isMap(parsed.value)) throw invalid("context", "Input should be a JSON object")
    return parsed.value
  },
}
export const pointLimit = integer("limit", 10_000, "Most points of a page", { least: 1, most: 100_000 })
export const stepCursor = integer("cursor", undefined, "What the page before said was `next`; missing: the first page")

export const runLimit = integer("limit", 0, "Most runs of a page; 0: all", { least: 0 })
export const runOffset = text("offset", "The id of the last run of the page before; for new clients `cursor` is better")
export const runCursor = text(
  "cursor",
  "Pages by cursor, newest runs first: empty for the first page, then what `X-Next-Cursor` said. Goes with no other `sort` and no `offset`",
)
export const runSort = text(
  "sort",
  'JSON: `[{"field": F, "order": "asc" | "desc"}]`, F one of run, experiment, hash, date, duration, description, creator; newest first without it',
  { schema: { default: "" }, example: '[{"field":"duration","order":"desc"}]' },
)

export const experimentRunLimit = integer("limit", undefined, "Most runs of a page", { least: 0, most: 0xffff_ffff })
export const experimentRunOffset = text("offset", "The id of the last run of the page before")

export const points = integer("p", 50, "Most points of a metric, spread over its steps and moved to extremes between", {
  least: 0,
})
export const traceChunkSize = integer("trace_chunk_size", 10, "Has no effect; taken for old clients' sake")
export const xAxis = text("x_axis", "The name of a metric to send along, as the horizontal axis", { schema: { default: "" } })

export const recordRange = range("record_range", "Steps, `start:stop` without the last, either bound optional")
export const recordDensity = integer("record_density", 50, "Most steps of a sequence, spread evenly; 0 or less: all")
export const indexRange = range("index_range", "Items of a step, `start:stop` without the last, either bound optional")
export const indexDensity = integer("index_density", 5, "Most items of a step, spread evenly; 0 or less: all")
export const recordStep = integer("record_step", -1, "The step; -1: the last one")

/** Bounds along a horizontal axis. */
const bound = (name: string, says: string): Parameter<number | undefined> => ({
  name,
  in: "query",
  says,
  schema: { type: "number" },
  isRequired: false,
  read: (request) => {
    const told = textParameter(request, name)?.trim()
    if (told === undefined) return undefined
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(told) || !Number.isFinite(Number(told)))
      throw invalid(name, "Input should be a valid number, unable to parse string as a number")
    return Number(told)
  },
})

export const seriesFrom = bound("from", "Where the horizontal axis begins, included; without it where the first series does")
export const seriesTo = bound("to", "Where the horizontal axis ends, included; without it where the last series does")
export const seriesBuckets = integer(
  "buckets",
  undefined,
  "Parts of equal width that the horizontal axis is cut into; without it every point is sent",
  { least: 1, most: 10_000 },
)
export const seriesAxis: Parameter<Axis> = {
  name: "x",
  in: "query",
  says: "The horizontal axis of buckets: steps, epochs, Unix seconds, or seconds since the series' first point",
  schema: { type: "string", enum: axes, default: "step" },
  isRequired: false,
  read: (request) => {
    const told = textParameter(request, "x") ?? "step"
    const axis = axes.find((one) => one === told)
    if (axis === undefined) throw invalid("x", `Input should be one of ${axes.map((one) => `'${one}'`).join(", ")}`)
    return axis
  },
}

export const archive = flag("archive", true, "Whether to archive, or to bring back")

export const artifactPath = text("path", "The artifact's path in its run", { isRequired: true, example: "model/weights.bin" })

export const sequence: Parameter<ReturnType<typeof bucketsIn>> = {
  name: "sequence",
  in: "query",
  says: "Which kinds of sequences are told; may be repeated; all without it",
  schema: { type: "array", items: { type: "string", enum: buckets } },
  isRequired: false,
  read: bucketsIn,
}

export const liveRuns = texts("run", "Only what happens to this run; may be repeated")
export const liveTopics = texts("topics", "`runs`, `points`, `entities`, several with commas; all without it")
export const liveCursor = text("cursor", "Goes on after an event, by its id; `Last-Event-ID` goes before it")
export const lastEventId = header(
  "Last-Event-ID",
  "The id of the last event that was seen, as browsers send it when they connect again",
)

const positionsAsked =
  "Answer only when this position of the log is visible: `topic/partition/offset`, several with commas, as `X-Matyan-Position` tells them"
/** The two that every route takes: gateways on one log may be differently far. */
export const positionHeader = header("X-Matyan-Position", positionsAsked)
export const position = text("position", `${positionsAsked}; for clients that set no headers`)

const asOfAsked =
  "Answer as of a time or positions: the id of a generation that `matyan rebuild --as-of` made, or the very text that it was made with"
/** The two that every read takes. */
export const asOfHeader = header("X-Matyan-As-Of", asOfAsked)
export const asOf = text("as_of", `${asOfAsked}; goes before the header`, { example: "2026-11-22T10:00:00Z" })

/** Whether a request that cannot be answered so asks for it all the same. */
export const asksAsOf = (request: FastifyRequest): boolean =>
  textParameter(request, "as_of") !== undefined || request.headers["x-matyan-as-of"] !== undefined

export const timezone: Parameter<number> = {
  name: "X-Timezone-Offset",
  in: "header",
  says: "Minutes west of UTC, as browsers count them: what days and times mean",
  schema: { type: "integer", minimum: timezoneBounds.least, maximum: timezoneBounds.most, default: 0 },
  isRequired: false,
  read: timezoneOffset,
}
