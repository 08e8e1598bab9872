/** The recorded REST answers that ours differ from on purpose. */

export interface RestDifference {
  /** The number in the table of decided mendings; null for a decision of the house. */
  readonly mending: number | null
  readonly why: string
  readonly status?: number
  /** The JSON text of our answer. */
  readonly response?: string
}

export const restDifferences: Readonly<Record<string, RestDifference>> = {
  project_params_excl: {
    mending: 15,
    why: "`sequence` is read from the address, as the web UI sends it, so only the buckets asked for come back",
    response: '{"metric":{"loss":[{"subset":"train"},{}],"step_time":[{"subset":"train"}]}}',
  },
  bad_query: {
    mending: 10,
    why: "`detail` tells where the syntax is wrong, so that the web UI can point at it",
    response:
      '{"error":{"code":"bad_request","message":"Invalid query syntax: invalid syntax (<query>, line 1)"},' +
      '"detail":{"statement":"run.x ==","line":1,"offset":11}}',
  },
}
