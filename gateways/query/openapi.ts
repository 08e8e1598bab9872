/** The OpenAPI 3.1 document, made of the routes that are registered and what is declared of each. */
import { answerSchemas } from "./api-answers.ts"
import { deadLetterOperations } from "./api-dead-letters.ts"
import {
  experimentOperations,
  keptOperations,
  noteOperations,
  projectOperations,
  serverOperations,
  tagOperations,
} from "./api-entities.ts"
import { historyOperations, historySchemas } from "./api-history.ts"
import { ingestionOperations, ingestionSchemas, ingestionServer } from "./api-ingestion.ts"
import { liveSchemas } from "./api-live.ts"
import { type Answer, type Body, lagHeader, notVisible, type Operation, type Operations } from "./api-operation.ts"
import { asOf, asOfHeader, position, positionHeader } from "./api-parameters.ts"
import { fileOperations, runOperations } from "./api-runs.ts"
import { type JsonSchema, ref } from "./api-schema.ts"
import { generationOperations } from "./api-generations.ts"
import type { Parameter } from "./parameter-kinds.ts"
import { searchOperations } from "./api-searches.ts"
import { seriesOperations } from "./api-series.ts"
import { treeSchemas } from "./api-trees.ts"
import { spoken } from "./version.ts"

export interface OpenApi {
  readonly openapi: "3.1.0"
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

export type PathItem = Readonly<Record<string, ApiOperation>>

export interface ApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly servers?: readonly object[]
  readonly parameters?: readonly ApiParameter[]
  readonly requestBody?: ApiBody
  readonly responses: Readonly<Record<string, ApiResponse>>
}

export interface ApiParameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly description: string
  readonly required: boolean
  readonly schema: JsonSchema
  readonly example?: string
}

export interface ApiBody {
  readonly required: boolean
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema; readonly example: unknown }>>
}

export interface ApiResponse {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>
  readonly content?: Readonly<Record<string, MediaType>>
}

/** `x-tree` is the schema of what a binary stream holds, as its reader rebuilds it; `x-events` are those of the events of a stream. */
export interface MediaType {
  readonly schema?: JsonSchema
  readonly "x-tree"?: JsonSchema
  readonly "x-codec"?: string
  readonly "x-events"?: Readonly<Record<string, JsonSchema>>
}

/** What is declared of the query gateway's routes, those of the API without its prefix. */
export const operations: Operations = {
  ...searchOperations,
  ...seriesOperations,
  ...runOperations,
  ...fileOperations,
  ...historyOperations,
  ...experimentOperations,
  ...tagOperations,
  ...noteOperations,
  ...keptOperations,
  ...projectOperations,
  ...deadLetterOperations,
  ...generationOperations,
  ...serverOperations,
}

/** The document over routes, `GET /api/v1/rest/runs/:id`; `prefix` is what declarations leave out. */
export const openApi = (routes: Iterable<string>, prefix: string): OpenApi => ({
  openapi: "3.1.0",
  info: {
    title: "Matyan",
    version: spoken.version,
    description:
      "Experiments, their runs and everything they logged. Times are Unix seconds. Every path is taken with and without a final slash. Errors are told in one envelope, and `message` names what is wrong.",
  },
  servers: [{ url: "/", description: "This gateway" }],
  tags,
  paths: pathsOf([
    ...[...routes].map((route) => [route, everywhere(route, prefix)] as const),
    ...Object.entries(ingestionOperations),
  ]),
  components: { schemas: { ...answerSchemas, ...historySchemas, ...treeSchemas, ...liveSchemas, ...ingestionSchemas } },
})

const tags = [
  ["Search", "Runs, metrics and objects by MatyanQL; answers are binary streams"],
  ["Live", "Changes as they happen"],
  ["Runs", "Single runs, and commands on many"],
  ["Trash and history", "Going back: deleted runs, rewinds, and who changed what"],
  ["Files and logs", "Artifacts, blobs, the terminal and log records of a run"],
  ["Experiments", "Groups of runs"],
  ["Tags", "Labels on runs"],
  ["Notes", "Texts on runs and experiments"],
  ["Dashboards, apps and reports", "What the web UI keeps"],
  ["Project", "Everything together"],
  ["Dead letters", "Events that no projection holds, and giving them up"],
  ["Generations", "The sets of projections that are kept, and which of them serves"],
  ["Server", "The gateway itself"],
  ["Ingestion", "The other gateway, through which runs log: a server of its own"],
].map(([name = "", description = ""]) => ({ name, description }))

/** A route that nothing is declared of is told all the same; a test names it. */
const undescribed: Operation = { tag: "Server", summary: "Not described", answers: [] }

/** What is declared of a route, with what all routes of the API take and answer (position-wait.ts). */
const everywhere = (route: string, prefix: string): Operation => {
  const operation = operations[route.replace(` ${prefix}/`, " /")] ?? undescribed
  if (!route.includes(` ${prefix}/`)) return operation
  const ofReads = isRead(route, prefix) ? [asOf, asOfHeader] : []
  return {
    ...operation,
    parameters: [...(operation.parameters ?? []), ...ofReads, position, positionHeader],
    answers: [...operation.answers, notVisible].map((answer) => ({ ...answer, headers: { ...answer.headers, ...lagHeader } })),
  }
}

/** Whether a route only tells what is there, once: it states nothing, and goes on for no longer than its answer. */
export const isRead = (route: string, prefix: string): boolean => {
  const { answers } = operations[route.replace(` ${prefix}/`, " /")] ?? undescribed
  return (
    !notReads.has(route.replace(` ${prefix}/`, " /")) &&
    !answers.some(({ status, type }) => status === 202 || type === "text/event-stream")
  )
}

/** What tells of the gateway or the store itself, whatever is read. */
const notReads: ReadonlySet<string> = new Set(["GET /version", "GET /generations"])

const pathsOf = (described: readonly (readonly [string, Operation])[]): OpenApi["paths"] => {
  const order = new Map(tags.map(({ name }, i) => [name, i]))
  const paths: Record<string, Record<string, ApiOperation>> = {}
  for (const [route, operation] of described.toSorted(([, a], [, b]) => (order.get(a.tag) ?? 0) - (order.get(b.tag) ?? 0))) {
    const [method = "", path = ""] = route.split(" ")
    const item = (paths[path.replaceAll(/:(\w+)/g, "{$1}")] ??= {})
    item[method.toLowerCase()] = apiOperation(method, path, operation)
  }
  return paths
}

const apiOperation = (method: string, path: string, { tag, summary, says, ...operation }: Operation): ApiOperation => {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => pathParameter(name, path, operation.path ?? {}))
  const parameters = [...inPath, ...(operation.parameters ?? []).map(apiParameter)]
  return {
    operationId: [method.toLowerCase(), ...wordsOf(path)].join("_"),
    tags: [tag],
    summary,
    ...(says === undefined ? {} : { description: says }),
    ...(tag === "Ingestion" ? { servers: [ingestionServer] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined ? {} : { requestBody: apiBody(operation.body) }),
    responses: responsesOf(operation.answers, tag),
  }
}

/** Paths of the two gateways that differ by their last slash alone still need names of their own. */
const wordsOf = (path: string): readonly string[] => [
  ...path.split(/[^A-Za-z0-9]+/).filter((word) => !["", "api", "v1", "rest"].includes(word)),
  ...(path.endsWith("/") ? ["ingestion"] : []),
]

const pathParameter = (name: string, path: string, told: NonNullable<Operation["path"]>): ApiParameter => {
  const owner = (path.split(`/:${name}`)[0] ?? "").split("/").at(-1)?.replace(/s$/, "")
  const description = told[name] ?? `The ${owner}'s id`
  return { name, in: "path", description, required: true, schema: { type: "string", minLength: 1 } }
}

const apiParameter = ({ name, in: where, says, isRequired, schema, example }: Parameter): ApiParameter => ({
  name,
  in: where,
  description: says,
  required: isRequired,
  schema,
  ...(example === undefined ? {} : { example }),
})

const apiBody = ({ schema, example, isRequired }: Body): ApiBody => ({
  required: isRequired,
  content: { "application/json": { schema, example } },
})

const responsesOf = (answers: readonly Answer[], tag: string): ApiOperation["responses"] => {
  const error = tag === "Ingestion" ? "IngestionFault" : "Error"
  const other = { description: "Any other error", content: { "application/json": { schema: ref(error) } } }
  const responses: Record<string, ApiResponse> = {}
  for (const answer of answers) {
    const former = responses[String(answer.status)]
    responses[String(answer.status)] = former === undefined ? responseOf(answer) : either(former, responseOf(answer))
  }
  return { ...responses, default: other }
}

/** One status with bodies of two types. */
const either = (one: ApiResponse, other: ApiResponse): ApiResponse => ({
  ...one,
  description: `${one.description}. Or: ${other.description}`,
  content: { ...one.content, ...other.content },
})

const responseOf = ({ says, type, schema, tree, events, headers }: Answer): ApiResponse => ({
  description: says,
  ...(headers === undefined || Object.keys(headers).length === 0
    ? {}
    : {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
        ),
      }),
  ...(type === undefined
    ? {}
    : {
        content: {
          [type]: {
            ...(schema === undefined ? {} : { schema }),
            ...(tree === undefined ? {} : { "x-tree": tree, "x-codec": "/docs/streams.md" }),
            ...(events === undefined ? {} : { "x-events": events }),
          },
        },
      }),
})
