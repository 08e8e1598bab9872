/** Runs as searches find them, one row each. */
import type { Props, RunFound } from "./api-types.ts"
import { piecesOf } from "./pieces.ts"
import { isProgress } from "./entries.ts"
import { sizeOfRecord, TreeReader } from "./tree.ts"

/** What may be left out of rows, which makes them much smaller. */
export type RowPart = "params" | "metrics"

/** What is known of one metric without its points; null where it has none that is a number. */
export interface MetricSummary {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  /** Its value at the highest step; may be NaN. */
  readonly last: number | null
  readonly lastStep: number | null
  readonly first: number | null
  /** Of all values but NaN. */
  readonly min: number | null
  readonly max: number | null
}

interface RowParts {
  /** As they were logged: nested maps, lists and scalars; integers beyond 2^53 are bigint. */
  readonly params: Readonly<Record<string, unknown>>
  readonly metrics: readonly MetricSummary[]
}

/** The fields that every row has. */
export interface RowFields {
  readonly id: string
  readonly name: string
  readonly description: string
  /** Null where it is in none. */
  readonly experiment: { readonly id: string; readonly name: string; readonly description: string } | null
  readonly tags: Props["tags"]
  /** Unix seconds. */
  readonly created: number
  /** Unix seconds; null while it runs. */
  readonly ended: number | null
  readonly archived: boolean
  readonly active: boolean
}

/** A run as a search finds it, with the parts that were selected. */
export type RunRow<P extends RowPart = RowPart> = RowFields & Pick<RowParts, P>

/** The rows of an answer, each as soon as it is complete. */
export async function* rowsOf<P extends RowPart>(
  response: Response,
  select: readonly RowPart[],
  signal?: AbortSignal,
): AsyncGenerator<RunRow<P>, undefined> {
  const reader = new TreeReader()
  const rowOf = (key: string | number | bigint, value: unknown): RunRow<P> =>
    // The parts are those that were selected; a run's tree is as the document of the API says.
    ({ ...fieldsOf(String(key), value as RunFound), ...partsOf(value as RunFound, select) }) as RunRow<P>
  for await (const bytes of piecesOf(response, sizeOfRecord, "the search", signal))
    for (const { key, value } of reader.read(bytes)) if (!isProgress(key)) yield rowOf(key, value)
  for (const { key, value } of reader.end()) if (!isProgress(key)) yield rowOf(key, value)
}

const fieldsOf = (id: string, { props }: RunFound): RowFields => ({
  id,
  name: props.name,
  description: props.description,
  experiment: experimentOf(props),
  tags: props.tags,
  created: props.creation_time,
  ended: props.end_time,
  archived: props.archived,
  active: props.active,
})

const experimentOf = ({ experiment: { id, name, description } }: Props): RowFields["experiment"] =>
  id === null ? null : { id, name: name ?? "", description: description ?? "" }

const partsOf = ({ params, traces }: RunFound, select: readonly RowPart[]): Partial<RowParts> => ({
  ...(select.includes("params") ? { params: params ?? {} } : {}),
  ...(select.includes("metrics") ? { metrics: traces.metric.map(summaryOf) } : {}),
})

const summaryOf = ({ name, context, values }: RunFound["traces"]["metric"][number]): MetricSummary => ({
  name,
  context,
  last: values.last,
  lastStep: values.last_step,
  first: values.first,
  min: values.min,
  max: values.max,
})
