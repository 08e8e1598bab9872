/** What searches send of a run: its fields, parameters and sequences as trees. */
import { float, type Value, type ValueMap } from "../../domain/value.ts"
import type { ExperimentName, TagView, TraceView } from "../../projections/run-view.ts"
import type { RunProps } from "../../projections/run-summary.ts"
import { systemParams } from "../../projections/run-summaries.ts"
import type { Tree } from "./stream-codec.ts"

/** `end_time` is when the run was closed, or null while it is open. */
export const propsTree = (run: RunProps, experiment: ExperimentName | null, tags: readonly TagView[]): Tree => ({
  name: run.name,
  description: run.description,
  experiment: {
    id: experiment?.id ?? null,
    name: experiment?.name ?? null,
    description: experiment?.description ?? null,
  },
  tags: tags.map(({ id, name, color, description }) => ({ id, name, color, description })),
  creation_time: float(run.createdAt),
  end_time: floatOrNull(run.finalizedAt),
  archived: run.archived,
  active: run.active,
})

/** The run's parameters, without those of the system unless they are asked for. */
export const paramsTree = (attributes: ValueMap, skipSystem: boolean): ReadonlyMap<string, Value> =>
  skipSystem && attributes.has(systemParams) ? new Map([...attributes].filter(([name]) => name !== systemParams)) : attributes

/** A metric with what is known of its values. */
export const metricTree = ({ name, context, last, lastStep, first, min, max }: TraceView): Tree => ({
  name,
  context,
  values: {
    last: floatOrNull(last),
    last_step: lastStep,
    first: floatOrNull(first),
    min: floatOrNull(min),
    max: floatOrNull(max),
  },
})

const floatOrNull = (value: number | null): Tree => (value === null ? null : float(value))
