/** What the SDK logged, read back by REST. */
import { at, type Json, type Rest } from "./rest.ts"
import { until } from "./wait.ts"

/** What the server says of a run, once its end is read. */
export const finished = async (rest: Rest, id: string): Promise<Json> => {
  await until("the run's end", () => rest.ask("GET", `/runs/${id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  return rest.get(`/runs/${id}/info/`)
}

export interface Line {
  readonly iters: readonly number[]
  readonly values: readonly (number | string)[]
}

/** All points of a metric; undefined where there is none. */
export const lineOf = async (rest: Rest, id: string, name: string, context: Json = {}): Promise<Line | undefined> => {
  const { body } = await rest.ask("POST", `/runs/${id}/metric/get-batch/?record_density=0`, [{ name, context }])
  // The shape of this route's answer.
  return at(body, 0) as unknown as Line | undefined
}

export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
