/** Reads from a Matyan server: runs, metrics, objects, logs, files, and changes as they happen. */
import { type Artifacts, artifactsOf } from "./read/artifacts.ts"
import { type ConnectOptions, type Connection, connectionTo } from "./read/connection.ts"
import {
  type AllNotes,
  type Apps,
  appsOf,
  type Dashboards,
  dashboardsOf,
  type Experiments,
  experimentsOf,
  notesOf,
  type Reports,
  reportsOf,
  type Tags,
  tagsOf,
} from "./read/entities.ts"
import { type Change, subscribe, type SubscribeOptions } from "./read/live.ts"
import { type Logs, logsOf } from "./read/logs.ts"
import { type Metrics, metricsOf } from "./read/metrics.ts"
import { type Objects, objectsOf } from "./read/objects.ts"
import { type Project, projectOf } from "./read/project.ts"
import { type Runs, runsOf } from "./read/runs.ts"

/** Everything that can be read and changed on one server. */
export interface Matyan extends Connection {
  readonly runs: Runs
  readonly metrics: Metrics
  readonly objects: Objects
  readonly logs: Logs
  readonly artifacts: Artifacts
  readonly experiments: Experiments
  readonly tags: Tags
  readonly notes: AllNotes
  readonly dashboards: Dashboards
  readonly apps: Apps
  readonly reports: Reports
  readonly project: Project
  /** The changes from now or a cursor on, through breaks: runs, points, entities. */
  readonly subscribe: (options?: SubscribeOptions) => AsyncIterable<Change>
}

/**
 * A client of a query gateway, such as `connect("http://localhost:53800")`; in a page that it serves, `connect("")`. Without a URL it
 * is that of the environment's `MATYAN_BACKEND_URL`, or `http://localhost:53800`. Nothing is asked yet, and nothing needs to be
 * closed. Everything rejects with `MatyanError`, or with the signal's reason.
 */
export const connect = (url: string = defaultUrl(), options: ConnectOptions = {}): Matyan => {
  const connection = connectionTo(url, options)
  return {
    ...connection,
    runs: runsOf(connection),
    metrics: metricsOf(connection),
    objects: objectsOf(connection),
    logs: logsOf(connection),
    artifacts: artifactsOf(connection),
    experiments: experimentsOf(connection),
    tags: tagsOf(connection),
    notes: notesOf(connection),
    dashboards: dashboardsOf(connection),
    apps: appsOf(connection),
    reports: reportsOf(connection),
    project: projectOf(connection),
    subscribe: (asked) => subscribe(connection, asked),
  }
}

const defaultUrl = (): string => {
  const { process } = globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } }
  return process?.env?.["MATYAN_BACKEND_URL"] || "http://localhost:53800"
}

export type * from "./read/api-types.ts"
export { type Artifact, type Artifacts, artifactsOf } from "./read/artifacts.ts"
export type { Changed, Created } from "./read/changes.ts"
export { type Column, type ColumnRow, type ColumnSpec, type ColumnSpecs, type ColumnsOf, columnsOf, everyColumn, type MetricColumn } from "./read/columns.ts" // prettier-ignore
export { type Connection, type ConnectOptions, connectionTo, type Reply } from "./read/connection.ts"
export type { Download, DownloadOptions } from "./read/download.ts"
export * from "./read/entities.ts"
export { type ErrorCode, MatyanError } from "./read/errors.ts"
export { type Change, subscribe, type SubscribeOptions } from "./read/live.ts"
export { type LogLine, type LogOptions, type LogRecord, type Logs, logsOf } from "./read/logs.ts"
export { type Bucketed, type BucketSeries, type Metrics, metricsOf, type PointSeries } from "./read/metrics.ts"
export { type Objects, objectsOf, type ObjectKind, type ObjectSequence, type ObjectsFound, type ObjectStep, type ObjectWindow } from "./read/objects.ts" // prettier-ignore
export type { AnswerOf, CallOptions, Given, OperationName } from "./read/operation.ts"
export { type Project, projectOf } from "./read/project.ts"
export type { MetricSummary, RowFields, RowPart, RunRow } from "./read/rows.ts"
export type { RunPage, RunQuery, RunQueryOptions, SortField } from "./read/run-query.ts"
export { type ReadOptions, type Runs, runsOf } from "./read/runs.ts"
export { safePath, safePaths } from "./read/safe-path.ts"
export type { SeriesChoice, SeriesName } from "./read/series-choice.ts"
export type { Axis } from "./read/series-frames.ts"
