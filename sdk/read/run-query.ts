/** Searches for runs: row by row, page by page, counted, or as columns. */
import { type Column, type ColumnsOf, type ColumnSpecs, columnsOf, everyColumn } from "./columns.ts"
import type { Operations } from "./api-types.ts"
import type { Connection } from "./connection.ts"
import { gathered } from "./gathered.ts"
import { MatyanError } from "./errors.ts"
import { backoff, pause } from "./pause.ts"
import { type RowPart, rowsOf, type RunRow } from "./rows.ts"

/** What can be sorted by; with a minus in front, the other way round. */
export type SortField = "created" | "name" | "experiment" | "id" | "duration" | "description"

/** Which runs, how much of each, in which order, and as of when. */
export interface RunQueryOptions<P extends RowPart = RowPart> {
  /** The parts of rows that are wanted: `params` and `metrics` are both there unless told otherwise. */
  readonly select?: readonly P[]
  /** Newest first without it. Any order but that makes the server find every match first. */
  readonly sort?: SortField | `-${SortField}` | readonly (SortField | `-${SortField}`)[]
  /** Most rows in all. */
  readonly limit?: number
  /** Rows that are asked for at a time (500). */
  readonly pageSize?: number
  /** Whether `params` have what the client noted of its machine (`__system_params`). */
  readonly system?: boolean
  /** Minutes west of UTC, as browsers count them: what days in the query mean. */
  readonly timezoneOffset?: number
  /** A generation of `matyan rebuild --as-of`, by its id or what it was made with. */
  readonly asOf?: string
  /** Wait until this position of the log is visible. */
  readonly position?: string
  readonly signal?: AbortSignal
}

/** Some rows of a search. */
export interface RunPage<P extends RowPart = RowPart> {
  readonly rows: readonly RunRow<P>[]
  /** What `page` takes for the next page; null on the last one. */
  readonly next: string | null
}

/** A search; nothing is asked before it is read, and each reading asks anew. */
export interface RunQuery<P extends RowPart = RowPart> extends AsyncIterable<RunRow<P>> {
  /** A page of the newest runs, after what the page before said was `next`. Goes with no other order. */
  readonly page: (cursor?: string) => Promise<RunPage<P>>
  readonly toArray: () => Promise<readonly RunRow<P>[]>
  /** All rows as columns of equal length: those that are named, or everything there is. */
  readonly toColumns: {
    <C extends ColumnSpecs>(columns: C): Promise<ColumnsOf<C>>
    (): Promise<Readonly<Record<string, Column>>>
  }
  /** How many runs match, whatever the limit; nothing of them is sent. */
  readonly count: () => Promise<number>
  /** How the server finds them: which indexes, how many it looks at. */
  readonly explain: () => Promise<Operations["GET /runs/search/run"]["json"]>
}

/** A search for runs by a MatyanQL expression; empty: all of them. */
export const runQuery = <const P extends RowPart = RowPart>(
  connection: Connection,
  q: string,
  options: RunQueryOptions<P> = {},
): RunQuery<P> => {
  const { pageSize = 500, limit = Infinity } = options
  const each = (): AsyncGenerator<RunRow<P>, undefined> => rowsByPages(connection, q, options)
  const toArray = () => gathered(each())
  const explain = async () => {
    const given = givenOf(q, options, { explain: true, report_progress: false })
    const { body } = await connection.request("GET /runs/search/run", given)
    // With `explain` the answer is the JSON one of the two that the operation may have.
    return body as Operations["GET /runs/search/run"]["json"]
  }
  return {
    [Symbol.asyncIterator]: each,
    toArray,
    // The implementation of two signatures, which the compiler does not relate to them.
    toColumns: (async (columns?: ColumnSpecs) =>
      columns === undefined ? everyColumn(await toArray()) : columnsOf(await toArray(), columns)) as RunQuery<P>["toColumns"],
    page: (cursor = "") =>
      connection.retried(async () => {
        const { rows, next } = await pageOf<P>(connection, q, options, { cursor, limit: Math.min(pageSize, limit) })
        return { rows: await gathered(rows), next }
      }, options.signal),
    count: async () => (await explain()).matches,
    explain,
  }
}

interface Place {
  readonly cursor?: string
  readonly offset?: string
  readonly limit: number
}

const pageOf = async <P extends RowPart>(connection: Connection, q: string, options: RunQueryOptions<P>, place: Place) => {
  const select = options.select ?? bothParts
  const parts = { exclude_params: !isSelected(select, "params"), exclude_traces: !isSelected(select, "metrics") }
  const more = { ...place, ...parts, report_progress: false, skip_system: options.system !== true }
  const response = await connection.open("GET /runs/search/run", givenOf(q, options, more))
  return { rows: rowsOf<P>(response, select, options.signal), next: response.headers.get("x-next-cursor") }
}

const bothParts: readonly RowPart[] = ["params", "metrics"]

const isSelected = (select: readonly RowPart[], part: RowPart): boolean => select.includes(part)

type Query = NonNullable<Operations["GET /runs/search/run"]["given"]["query"]>

const givenOf = (q: string, { sort, asOf, position, signal, timezoneOffset }: RunQueryOptions, more: Query) => ({
  query: {
    q,
    ...more,
    ...(isByDate(sort) ? {} : { sort: JSON.stringify([sort].flat().map((key) => sortKey(key ?? "-created"))) }),
    ...(asOf === undefined ? {} : { as_of: asOf }),
    ...(position === undefined ? {} : { position }),
  },
  ...(timezoneOffset === undefined ? {} : { headers: { "X-Timezone-Offset": timezoneOffset } }),
  signal,
})

const isByDate = (sort: RunQueryOptions["sort"]): boolean => [sort].flat().every((key) => key === undefined || key === "-created")

const sortKey = (key: SortField | `-${SortField}`) => {
  const name = key.replace("-", "")
  return { field: serverNames[name] ?? name, order: key.startsWith("-") ? "desc" : "asc" }
}

/** Where the server names a field otherwise. */
const serverNames: Readonly<Record<string, string>> = { created: "date", name: "run", id: "hash" }

/** All rows up to the limit. What is cut off is asked for again from there; a page that was begun is not told twice. */
async function* rowsByPages<P extends RowPart>(
  connection: Connection,
  q: string,
  options: RunQueryOptions<P>,
): AsyncGenerator<RunRow<P>, undefined> {
  const { pageSize = 500, limit = Infinity, sort } = options
  let left = limit
  let place: Omit<Place, "limit"> = isByDate(sort) ? { cursor: "" } : {}
  let [failed, seen] = [0, new Set<string>()]
  while (left > 0) {
    const size = place.cursor === undefined ? (left === Infinity ? 0 : left) : Math.min(left + seen.size, pageSize)
    try {
      const { rows, next } = await pageOf<P>(connection, q, options, { ...place, limit: size })
      for await (const row of rows) {
        if (seen.has(row.id)) continue
        failed = 0
        left -= 1
        if (place.cursor === undefined) place = { offset: row.id }
        else seen.add(row.id)
        yield row
      }
      if (next === null) return
      place = { cursor: next }
      seen = new Set()
    } catch (error) {
      if (!(error instanceof MatyanError) || error.code !== "cut" || failed >= connection.retries.times) throw error
      await pause(backoff(failed++, connection.retries.firstMillis, 5_000), options.signal)
    }
  }
}
