/** What a route declares of itself to whoever calls it; `openapi.ts` makes the document of it. */
import type { Schema } from "effect"
import type { Parameter } from "./parameter-kinds.ts"
import { type JsonSchema, ref, schemaOf } from "./api-schema.ts"

export interface Answer {
  readonly status: number
  readonly says: string
  /** None: an empty body. */
  readonly type?: string
  readonly schema?: JsonSchema
  /** What a binary stream holds, as the tree that it is read as. */
  readonly tree?: JsonSchema
  /** The data of server-sent events, by their names. */
  readonly events?: Readonly<Record<string, JsonSchema>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Body {
  readonly schema: JsonSchema
  readonly example: unknown
  readonly isRequired: boolean
}

export interface Operation {
  readonly tag: string
  readonly summary: string
  readonly says?: string
  /** What stands in the path, where its name does not say it. */
  readonly path?: Readonly<Record<string, string>>
  readonly parameters?: readonly Parameter[]
  readonly body?: Body
  readonly answers: readonly Answer[]
}

/** By method and path, as routes are registered: `GET /runs/:id/info`. */
export type Operations = Readonly<Record<string, Operation>>

/** Operations that belong to one tag. */
export const tagged = (tag: string, operations: Readonly<Record<string, Omit<Operation, "tag">>>): Operations =>
  Object.fromEntries(Object.entries(operations).map(([route, operation]) => [route, { tag, ...operation }]))

export const json = (schema: JsonSchema, says = "Done", status = 200): Answer => ({
  status,
  says,
  type: "application/json",
  schema,
})

/** A stream of the codec that docs/streams.md describes. */
export const stream = (says: string, tree: JsonSchema, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  says,
  type: "application/octet-stream",
  tree,
  headers,
})

export const file = (says: string, type: string, headers: Readonly<Record<string, string>> = {}, status = 200): Answer => ({
  status,
  says,
  type,
  headers,
})

export const empty = (says = "Done"): Answer => ({ status: 204, says })

export const error = (status: number, says: string): Answer => ({ status, says, type: "application/json", schema: ref("Error") })

export const badQuery = error(400, "The query, or a range, cannot be read; for a query `detail` tells where")
export const nameTaken = error(400, "The name is another's")
export const notThere = error(404, "There is no such thing")
export const badInput = error(422, "A parameter or field is of the wrong form; `message` names it")

/** What every command may answer beside its own. */
export const commandAnswers: readonly Answer[] = [
  {
    status: 202,
    says: "In the log, but not visible yet: the projections are behind",
    type: "application/json",
    schema: ref("Accepted"),
    headers: {
      "X-Matyan-Position": "Where in the log it stands: `topic/partition/offset`, several with commas",
      "X-Matyan-Id": "Of a creation: the id of what will be there, unless another takes its name first",
    },
  },
  badInput,
  error(413, "The body is too large"),
]

/** What every answer of the API bears. */
export const lagHeader = { "X-Matyan-Lag": "How many events of the log it does not show yet, or `unknown` while the log is away" }

export const notVisible = error(503, "What it stands on is away for now; or a position that was asked for is not visible in time")

/** The body that a schema of the domain checks. */
export const bodyOf = (schema: Schema.Constraint, example: unknown): Body => ({
  schema: schemaOf(schema),
  example,
  isRequired: true,
})
