/** What the searches and the routes beside them declare: all answer with binary streams. */
import { badInput, badQuery, file, json, notThere, type Operations, stream, tagged } from "./api-operation.ts"
import * as parameters from "./api-parameters.ts"
import { liveEvents } from "./api-live.ts"
import { namedSequences } from "./api-runs.ts"
import { anyObject, flag, integer, list, object, orNull, ref, text } from "./api-schema.ts"
import { byRun, itemName, itemsOf, objectSequence, objectsFound } from "./api-trees.ts"
import { type ObjectKind, objectKinds } from "./object-kinds.ts"

const nextCursor = { "X-Next-Cursor": "With `cursor`: what to ask for the next page; without it there is none" }

/** What `explain=true` answers. */
const explained = json(
  object({
    query: text("The expression that is evaluated"),
    way: {
      type: "string",
      enum: ["index", "walk"],
      description: "Whether indexes told candidates, or all runs were walked through",
    },
    exact: { ...flag, description: "Whether each candidate matches, so that none is looked at again" },
    candidates: orNull(integer("How many runs the indexes told")),
    looked_at: integer("How many runs were evaluated"),
    matches: integer("How many runs were found"),
    plan: { ...anyObject, description: "The indexes, and how many runs each tells; null: more than a search takes" },
    spent: object({ milliseconds: integer(), steps: integer() }),
    limits: object({ steps: integer(), milliseconds: integer(), candidates: integer() }),
  }),
  "With `explain`: how the search finds its runs",
)

const ofRecords = [parameters.recordRange, parameters.recordDensity]
const ofItems = [parameters.indexRange, parameters.indexDensity]
const searched = [parameters.query, parameters.skipSystem, parameters.reportProgress, parameters.timezone]

const ofKind = (kind: ObjectKind): Operations => ({
  [`GET /runs/search/${kind.name}`]: {
    tag: "Search",
    summary: `Search ${kind.name}`,
    says: `In the query \`${kind.name}\` stands for one sequence, beside \`run\`.`,
    parameters: [...searched, ...ofRecords, ...ofItems],
    answers: [stream("Runs with the sequences that match, newest first", objectsFound(kind)), badQuery, badInput],
  },
  [`POST /runs/:id/${kind.name}/get-batch`]: {
    tag: "Search",
    summary: `Steps of one sequence of ${kind.name}`,
    says: "Each sequence is a tree at the root, so ask for one at a time.",
    parameters: [...ofRecords, ...ofItems],
    body: namedSequences,
    answers: [stream("The sequence", objectSequence(list(itemsOf(kind)))), badQuery, notThere, badInput],
  },
  [`POST /runs/:id/${kind.name}/get-step`]: {
    tag: "Search",
    summary: `One step of one sequence of ${kind.name}`,
    parameters: [parameters.recordStep, ...ofItems],
    body: namedSequences,
    answers: [stream("The sequence", objectSequence(list(ref(itemName(kind.name))))), badQuery, notThere, badInput],
  },
})

export const searchOperations: Operations = {
  ...tagged("Search", {
    "GET /runs/search/run": {
      summary: "Search runs",
      parameters: [
        ...searched,
        parameters.runLimit,
        parameters.runCursor,
        parameters.runSort,
        parameters.runOffset,
        parameters.excludeParams,
        parameters.excludeTraces,
        parameters.explain,
      ],
      answers: [stream("The runs, in order", byRun(ref("RunFound")), nextCursor), explained, badQuery, badInput],
    },
    "GET /runs/search/metric": {
      summary: "Search metrics, with a sample of their points",
      says: "In the query `metric` stands for one metric, beside `run`.",
      parameters: [...searched, parameters.points, parameters.xAxis, parameters.traceChunkSize, parameters.explain],
      answers: [
        stream("Runs with the metrics that match, newest first", byRun(ref("MetricsFound"))),
        explained,
        badQuery,
        badInput,
      ],
    },
    "POST /runs/search/metric/align": {
      summary: "The whole series of one metric, to lay others along it",
      says: "For each trace the metric `align_by` of the same context, up to the second number of `slice` where that is above 0.",
      body: {
        schema: object({
          align_by: text(),
          runs: list(
            object({
              run_id: text(),
              traces: list(
                object({
                  name: text(),
                  context: { type: "object" },
                  slice: { type: "array", items: integer(), minItems: 3, maxItems: 3 },
                }),
              ),
            }),
          ),
        }),
        example: {
          align_by: "loss",
          runs: [{ run_id: "…", traces: [{ name: "accuracy", context: { subset: "val" }, slice: [0, 0, 1] }] }],
        },
        isRequired: true,
      },
      answers: [stream("The series by run", { type: "object", additionalProperties: list(ref("AlignedMetric")) }), badInput],
    },
    "GET /runs/active": {
      summary: "Runs that are active now, with their metrics' last values",
      parameters: [parameters.reportProgress],
      answers: [stream("The runs, by id", byRun(ref("ActiveRun"))), badInput],
    },
  }),
  "GET /stream": {
    tag: "Live",
    summary: "What changes, as it changes",
    says: "Server-sent events without end: runs, points, entities. Whoever connects again with the last id misses nothing and sees nothing twice; a `reread` event says to read everything anew.",
    parameters: [
      parameters.liveTopics,
      parameters.liveRuns,
      parameters.query,
      parameters.timezone,
      parameters.liveCursor,
      parameters.lastEventId,
    ],
    answers: [{ ...file("Events", "text/event-stream"), events: liveEvents }, badQuery, badInput],
  },
  ...Object.assign({}, ...objectKinds.map(ofKind)),
}
