/** What concerns everything together. */
import type { Operations, ProjectParams, Sequence } from "./api-types.ts"
import { type Changed, changed } from "./changes.ts"
import type { Connection } from "./connection.ts"
import type { CallOptions } from "./operation.ts"
import { type ReadOptions, seen } from "./runs.ts"

/** What can be done with the project. */
export interface Project {
  /** Counts, and how many runs were begun on which day; `timezoneOffset`: minutes west of UTC, as browsers count them. */
  readonly activity: (
    options?: ReadOptions & { readonly timezoneOffset?: number },
  ) => Promise<Operations["GET /projects/activity"]["json"]>
  /** Which parameters and sequences the runs have, for completion and pickers. */
  readonly params: (options?: ReadOptions) => Promise<ProjectParams>
  readonly pinned: (options?: ReadOptions) => Promise<readonly Sequence[]>
  /** Pins these sequences in place of those that are. */
  readonly pin: (sequences: readonly Sequence[], options?: CallOptions) => Promise<Changed>
}

/** What can be done with the project over a connection. */
export const projectOf = ({ request }: Connection): Project => ({
  activity: async ({ timezoneOffset = 0, ...options } = {}) => {
    const given = { query: seen(options), headers: { "X-Timezone-Offset": timezoneOffset }, signal: options.signal }
    return (await request("GET /projects/activity", given)).body
  },
  params: async (options = {}) => (await request("GET /projects/params", { query: seen(options), signal: options.signal })).body,
  pinned: async (options = {}) =>
    (await request("GET /projects/pinned-sequences", { query: seen(options), signal: options.signal })).body.sequences,
  pin: async (sequences, { signal } = {}) =>
    changed(await request("POST /projects/pinned-sequences", { body: { sequences }, signal })),
})
