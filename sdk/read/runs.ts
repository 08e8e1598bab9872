/** Runs: finding them, reading one, and changing them. */
import type { Operations, RunInfo } from "./api-types.ts"
import { type Changed, changed, type Created } from "./changes.ts"
import type { Connection } from "./connection.ts"
import type { CallOptions, Given } from "./operation.ts"
import type { RowPart } from "./rows.ts"
import { type RunQuery, runQuery, type RunQueryOptions } from "./run-query.ts"

/** What every read takes. */
export interface ReadOptions extends CallOptions {
  /** A generation of `matyan rebuild --as-of`, by its id or what it was made with. */
  readonly asOf?: string
  /** Wait until this position of the log is visible; error `behind` where that takes too long. */
  readonly position?: string
}

/** The query of a read. */
export const seen = ({ asOf, position }: ReadOptions): { readonly as_of?: string; readonly position?: string } => ({
  ...(asOf === undefined ? {} : { as_of: asOf }),
  ...(position === undefined ? {} : { position }),
})

type RunFields = Given<"PUT /runs/{id}">["body"]
type History = Operations["GET /runs/{id}/history"]["json"]

/** What can be done with runs. */
export interface Runs {
  /** Finds runs by a MatyanQL expression such as `run.hparams.lr < 0.01 and "digits" in run.experiment`; empty: all. */
  readonly query: <const P extends RowPart = RowPart>(q?: string, options?: RunQueryOptions<P>) => RunQuery<P>
  /** A run's parameters, fields, sequences and artifacts; `system`: with what the client noted of its machine. */
  readonly get: (id: string, options?: ReadOptions & { readonly system?: boolean }) => Promise<RunInfo>
  /** Changes fields: name, description, experiment (by name; empty: none), archived, active. Those that are left out stay. */
  readonly update: (id: string, fields: RunFields, options?: CallOptions) => Promise<Changed>
  readonly rename: (id: string, name: string, options?: CallOptions) => Promise<Changed>
  readonly describe: (id: string, description: string, options?: CallOptions) => Promise<Changed>
  readonly archive: (ids: string | readonly string[], options?: CallOptions) => Promise<Changed>
  readonly unarchive: (ids: string | readonly string[], options?: CallOptions) => Promise<Changed>
  /** Hides them at once; they can be restored while they are in the trash. */
  readonly delete: (ids: string | readonly string[], options?: CallOptions) => Promise<Changed>
  readonly restore: (ids: string | readonly string[], options?: CallOptions) => Promise<Changed>
  /** Ends runs that still count as active, as when their process died. */
  readonly finish: (ids: string | readonly string[], options?: CallOptions) => Promise<Changed>
  /** Tags a run by the tag's name; one is made where there is none. Its id is the tag's. */
  readonly tag: (id: string, name: string, options?: CallOptions) => Promise<Created>
  /** Takes a tag from a run, by the tag's id. */
  readonly untag: (id: string, tagId: string, options?: CallOptions) => Promise<Changed>
  /** Drops what was logged above a step; logging goes on from there. */
  readonly rewind: (id: string, step: number, options?: CallOptions) => Promise<Changed>
  /** Who changed what, and when: newest first, entry by entry. */
  readonly history: (id: string, options?: ReadOptions) => AsyncIterable<History["entries"][number]>
  /** A page of the deleted runs, after what the page before said was `next`. */
  readonly trash: (cursor?: string, options?: ReadOptions) => Promise<Operations["GET /trash"]["json"]>
}

/** What can be done with runs over a connection. */
export const runsOf = (connection: Connection): Runs => {
  const { request } = connection
  const batch =
    (operation: "POST /runs/delete-batch" | "POST /runs/restore-batch" | "POST /runs/finish-batch") =>
    async (ids: string | readonly string[], { signal }: CallOptions = {}) =>
      changed(await request(operation, { body: [ids].flat(), signal }))
  const archive =
    (isArchived: boolean) =>
    async (ids: string | readonly string[], { signal }: CallOptions = {}) =>
      changed(await request("POST /runs/archive-batch", { query: { archive: isArchived }, body: [ids].flat(), signal }))
  const update: Runs["update"] = async (id, body, { signal } = {}) =>
    changed(await request("PUT /runs/{id}", { path: { id }, body, signal }))
  return {
    query: (q = "", options = {}) => runQuery(connection, q, options),
    get: async (id, options = {}) => {
      const query = { skip_system: options.system !== true, ...seen(options) }
      return (await request("GET /runs/{id}/info", { path: { id }, query, signal: options.signal })).body
    },
    update,
    rename: (id, name, options) => update(id, { name }, options),
    describe: (id, description, options) => update(id, { description }, options),
    archive: archive(true),
    unarchive: archive(false),
    delete: batch("POST /runs/delete-batch"),
    restore: batch("POST /runs/restore-batch"),
    finish: batch("POST /runs/finish-batch"),
    tag: async (id, name, { signal } = {}) => {
      const reply = await request("POST /runs/{id}/tags/new", { path: { id }, body: { tag_name: name }, signal })
      return { ...changed(reply), id: "tag_id" in reply.body ? reply.body.tag_id : (reply.body.id ?? "") }
    },
    untag: async (id, tagId, { signal } = {}) =>
      changed(await request("DELETE /runs/{id}/tags/{tagId}", { path: { id, tagId }, signal })),
    rewind: async (id, step, { signal } = {}) =>
      changed(await request("POST /runs/{id}/rewind", { path: { id }, body: { step }, signal })),
    history: (id, options = {}) => historyOf(connection, id, options),
    trash: async (cursor = "", options = {}) =>
      (await request("GET /trash", { query: { cursor, ...seen(options) }, signal: options.signal })).body,
  }
}

async function* historyOf({ request }: Connection, id: string, options: ReadOptions): AsyncGenerator<History["entries"][number]> {
  for (let cursor: number | null | undefined; cursor !== null;) {
    const query = { ...seen(options), ...(cursor === undefined ? {} : { cursor }) }
    const { body }: { readonly body: History } = await request("GET /runs/{id}/history", {
      path: { id },
      query,
      signal: options.signal,
    })
    yield* body.entries
    cursor = body.next
  }
}
