/** Experiments, tags, notes, and what the web UI keeps: dashboards, apps and reports. */
import type { App, Dashboard, Experiment, ExperimentNote, Operations, Report, RunNote, Tag } from "./api-types.ts"
import { type Changed, changed, type Created, created } from "./changes.ts"
import type { Connection } from "./connection.ts"
import type { CallOptions, Given, OperationName } from "./operation.ts"
import { type ReadOptions, seen } from "./runs.ts"

type BodyOf<O extends OperationName> = Given<O> extends { readonly body: infer B } ? B : never

/** What can be done with things of a kind. */
export interface Kept<Thing, New, Update> {
  /** By id, archived ones too. */
  readonly list: (options?: ReadOptions) => Promise<readonly Thing[]>
  readonly get: (id: string, options?: ReadOptions) => Promise<Thing>
  readonly create: (fields: New, options?: CallOptions) => Promise<Created>
  /** A field that is left out stays as it is. */
  readonly update: (id: string, fields: Update, options?: CallOptions) => Promise<Changed>
  readonly delete: (id: string, options?: CallOptions) => Promise<Changed>
}

type KeptBy<Thing, Path extends "experiments" | "tags" | "dashboards" | "apps" | "reports"> = Kept<
  Thing,
  BodyOf<`POST /${Path}`>,
  BodyOf<`PUT /${Path}/{id}`>
>

type Path = "experiments" | "tags" | "dashboards" | "apps" | "reports"

const keptOf = <Thing, P extends Path>({ request }: Connection, path: P): KeptBy<Thing, P> => {
  // One of five groups of operations of one form: that the bodies are those of this one, the types above say.
  const any = path as "tags"
  return {
    list: async (options = {}) =>
      (await request(`GET /${any}`, { query: seen(options), signal: options.signal }))
        .body as readonly unknown[] as readonly Thing[],
    get: async (id, options = {}) =>
      (await request(`GET /${any}/{id}`, { path: { id }, query: seen(options), signal: options.signal }))
        .body as unknown as Thing,
    create: async (body, { signal } = {}) => created(await request(`POST /${any}`, { body: body as never, signal })),
    update: async (id, body, { signal } = {}) =>
      changed(await request(`PUT /${any}/{id}`, { path: { id }, body: body as never, signal })),
    delete: async (id, { signal } = {}) => changed(await request(`DELETE /${any}/{id}`, { path: { id }, signal })),
  }
}

/** Experiments: groups of runs. */
export interface Experiments extends KeptBy<Experiment, "experiments"> {
  /** Those whose name has the text, in any case. */
  readonly search: (text: string, options?: ReadOptions) => Promise<readonly Experiment[]>
  /** Its runs by their ids, after the run that a page before ended with. */
  readonly runs: (
    id: string,
    options?: ReadOptions & { readonly limit?: number; readonly after?: string },
  ) => Promise<Operations["GET /experiments/{id}/runs"]["json"]["runs"]>
}

/** What can be done with experiments over a connection. */
export const experimentsOf = (connection: Connection): Experiments => ({
  ...keptOf<Experiment, "experiments">(connection, "experiments"),
  search: async (q, options = {}) =>
    (await connection.request("GET /experiments/search", { query: { q, ...seen(options) }, signal: options.signal })).body,
  runs: async (id, options = {}) => {
    const { limit, after, signal } = options
    const page = { ...(limit !== undefined && { limit }), ...(after !== undefined && { offset: after }) }
    return (
      await connection.request("GET /experiments/{id}/runs", { path: { id }, query: { ...page, ...seen(options) }, signal })
    ).body.runs
  },
})

/** Tags: labels on runs. */
export interface Tags extends KeptBy<Tag, "tags"> {
  /** Those whose name has the text, in any case. */
  readonly search: (text: string, options?: ReadOptions) => Promise<readonly Tag[]>
  /** The runs that bear a tag. */
  readonly runs: (id: string, options?: ReadOptions) => Promise<Operations["GET /tags/{id}/runs"]["json"]["runs"]>
}

/** What can be done with tags over a connection. */
export const tagsOf = (connection: Connection): Tags => ({
  ...keptOf<Tag, "tags">(connection, "tags"),
  search: async (q, options = {}) =>
    (await connection.request("GET /tags/search", { query: { q, ...seen(options) }, signal: options.signal })).body,
  runs: async (id, options = {}) =>
    (await connection.request("GET /tags/{id}/runs", { path: { id }, query: seen(options), signal: options.signal })).body.runs,
})

/** The notes on a run or an experiment. */
export interface Notes<Note> {
  readonly list: (owner: string, options?: ReadOptions) => Promise<readonly Note[]>
  readonly write: (owner: string, content: string, options?: CallOptions) => Promise<Created>
  readonly update: (owner: string, note: string, content: string, options?: CallOptions) => Promise<Changed>
  readonly delete: (owner: string, note: string, options?: CallOptions) => Promise<Changed>
}

/** Notes by what they are on. */
export interface AllNotes {
  readonly run: Notes<RunNote>
  readonly experiment: Notes<ExperimentNote>
}

/** What can be done with notes over a connection. */
export const notesOf = (connection: Connection): AllNotes => ({
  run: notesOn<RunNote>(connection, "runs"),
  experiment: notesOn<ExperimentNote>(connection, "experiments"),
})

const notesOn = <Note>({ request }: Connection, owners: "runs" | "experiments"): Notes<Note> => ({
  list: async (id, options = {}) =>
    // The notes of one kind of owner, as the type above says.
    (await request(`GET /${owners}/{id}/note`, { path: { id }, query: seen(options), signal: options.signal }))
      .body as readonly Note[],
  write: async (id, content, { signal } = {}) =>
    created(await request(`POST /${owners}/{id}/note`, { path: { id }, body: { content }, signal })),
  update: async (id, noteId, content, { signal } = {}) =>
    changed(await request(`PUT /${owners}/{id}/note/{noteId}`, { path: { id, noteId }, body: { content }, signal })),
  delete: async (id, noteId, { signal } = {}) =>
    changed(await request(`DELETE /${owners}/{id}/note/{noteId}`, { path: { id, noteId }, signal })),
})

/** What the web UI shows as dashboards. */
export type Dashboards = KeptBy<Dashboard, "dashboards">
/** What dashboards show: the state of a view. */
export type Apps = KeptBy<App, "apps">
/** Texts of Markdown with views in them. */
export type Reports = KeptBy<Report, "reports">

/** What can be done with dashboards over a connection. */
export const dashboardsOf = (connection: Connection): Dashboards => keptOf<Dashboard, "dashboards">(connection, "dashboards")
/** What can be done with apps over a connection. */
export const appsOf = (connection: Connection): Apps => keptOf<App, "apps">(connection, "apps")
/** What can be done with reports over a connection. */
export const reportsOf = (connection: Connection): Reports => keptOf<Report, "reports">(connection, "reports")
