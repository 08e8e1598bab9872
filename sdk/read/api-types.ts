/** What the query gateway is asked and answers. Made of its OpenAPI document by `npm run sdk:types`: change that instead. */

export interface Refusal {
  readonly error: {
    /** `bad_request`, `not_found`, `validation_error`, … */
    readonly code: string
    readonly message: string
  }
  readonly detail: string | SyntaxPlace
  /** What is wrong, naming the parameter or field; `SyntaxError` where `detail` is a place */
  readonly message: string
}

export interface SyntaxPlace {
  /** The query */
  readonly statement: string
  /** From 1 */
  readonly line: number
  /** The first character that is wrong */
  readonly offset: number
  readonly end_offset?: number
}

export interface Accepted {
  readonly status: "accepted"
  readonly positions: readonly string[]
  /** Of a creation: the id of what will be there, unless another takes its name first */
  readonly id?: string
}

export interface Status {
  readonly status: "OK"
}

export interface IdStatus {
  readonly id: string
  readonly status: "OK"
}

export interface Sequence {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
}

export interface Props {
  readonly name: string
  readonly description: string
  readonly experiment: {
    readonly id: string | null
    readonly name: string | null
    readonly description: string | null
  }
  readonly tags: readonly {
    readonly id: string
    readonly name: string
    readonly color: string
    readonly description: string
  }[]
  /** Unix seconds */
  readonly creation_time: number
  /** Unix seconds */
  readonly end_time: number | null
  readonly archived: boolean
  readonly active: boolean
}

export interface RunInfo {
  readonly params: Readonly<Record<string, unknown>>
  readonly traces: {
    readonly metric?: readonly {
      readonly context: Readonly<Record<string, unknown>>
      readonly name: string
      readonly last_value: number | null
    }[]
    readonly images?: readonly {
      readonly context: Readonly<Record<string, unknown>>
      readonly name: string
      readonly last_value: number | null
    }[]
    readonly texts?: readonly {
      readonly context: Readonly<Record<string, unknown>>
      readonly name: string
      readonly last_value: number | null
    }[]
    readonly distributions?: readonly {
      readonly context: Readonly<Record<string, unknown>>
      readonly name: string
      readonly last_value: number | null
    }[]
    readonly audios?: readonly {
      readonly context: Readonly<Record<string, unknown>>
      readonly name: string
      readonly last_value: number | null
    }[]
    readonly figures?: readonly {
      readonly context: Readonly<Record<string, unknown>>
      readonly name: string
      readonly last_value: number | null
    }[]
  }
  readonly props: Props
  readonly artifacts: readonly {
    readonly name: string
    readonly path: string
    readonly uri: string
  }[]
}

export interface MetricPoints {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  readonly iters: readonly number[]
  readonly values: readonly (number | null)[]
}

export interface Experiment {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly run_count: number
  readonly archived: boolean
  /** Unix seconds */
  readonly creation_time: number | null
}

export interface ExperimentRuns {
  readonly id: string
  readonly runs: readonly {
    readonly run_id: string
    readonly name: string
    /** Unix seconds */
    readonly creation_time: number
    /** Unix seconds */
    readonly end_time: number | null
    readonly archived: boolean
  }[]
}

export interface ExperimentActivity {
  readonly num_runs: number
  readonly num_archived_runs: number
  readonly num_active_runs: number
  readonly activity_map: Readonly<Record<string, number>>
}

export interface Tag {
  readonly id: string
  readonly name: string
  readonly color: string
  readonly description: string
  readonly run_count: number
  readonly archived: boolean
}

export interface TagRuns {
  readonly id: string
  readonly runs: readonly {
    readonly run_id: string
    readonly name: string
    readonly experiment: string | null
    /** Unix seconds */
    readonly creation_time: number
    /** Unix seconds */
    readonly end_time: number | null
  }[]
}

export interface Dashboard {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly app_id: string | null
  readonly app_type: string | null
  /** Unix seconds */
  readonly updated_at: number
  /** Unix seconds */
  readonly created_at: number
}

export interface App {
  readonly id: string
  readonly type: string
  /** Unix seconds */
  readonly updated_at: number
  /** Unix seconds */
  readonly created_at: number
  readonly state: Readonly<Record<string, unknown>>
}

export interface Report {
  readonly id: string
  readonly name: string
  readonly code: string
  readonly description: string
  /** Unix seconds */
  readonly updated_at: number
  /** Unix seconds */
  readonly created_at: number
}

export interface DeadLetter {
  /** `topic/partition/offset` */
  readonly position: string
  /** The event's type, or `Undecodable` */
  readonly type: string
  readonly key: string
  readonly reason: string
  /** Unix seconds */
  readonly appended_at: number | null
  /** Unix seconds */
  readonly buried_at: number
  readonly discarded: {
    /** Unix seconds */
    readonly at: number
    readonly reason: string
  } | null
}

export interface Generation {
  /** Larger than those of all before it */
  readonly id: number
  readonly state: "serving" | "beside" | "returning" | "former" | "as-of"
  /** Of the code that folded it; 0: it is being removed */
  readonly fold_version: number
  readonly folded: Readonly<Record<string, number>> | null
  /** Unix seconds */
  readonly since: number | null
  /** Unix seconds */
  readonly kept_until: number | null
  readonly as_of: {
    readonly asked: string
    /** The last of each partition */
    readonly positions: string
    readonly complete: boolean
  } | null
}

export interface Note {
  readonly id: string
  readonly content: string
  /** Unix seconds */
  readonly updated_at: number
}

export interface NoteCreated {
  readonly id: string
  /** Unix seconds */
  readonly created_at: number
}

export interface RunNote {
  readonly id: string
  readonly content: string
  /** Unix seconds */
  readonly updated_at: number
  /** Unix seconds */
  readonly created_at: number
  readonly run_hash: string
}

export interface ExperimentNote {
  readonly id: string
  readonly content: string
  /** Unix seconds */
  readonly updated_at: number
  /** Unix seconds */
  readonly created_at: number
  readonly experiment_id: string
}

export interface Project {
  readonly name: string
  readonly path: string
  readonly description: string
  readonly telemetry_enabled: number
  readonly warn_index: boolean
  readonly warn_runs: boolean
}

export interface ProjectActivity {
  readonly num_experiments: number
  readonly num_runs: number
  readonly num_archived_runs: number
  readonly num_active_runs: number
  readonly activity_map: Readonly<Record<string, number>>
}

export interface ProjectParams {
  readonly params?: Readonly<Record<string, unknown>>
  readonly metric?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly images?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly texts?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly distributions?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly audios?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly figures?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
}

export interface PinnedSequences {
  readonly sequences: readonly Sequence[]
}

export interface Version {
  readonly version: string
  readonly component: string
  readonly fdb_api_version: number
}

export interface Health {
  readonly status: string
  readonly checks?: Readonly<Record<string, string>>
}

export interface History {
  readonly entries: readonly HistoryEntry[]
  /** The `cursor` of the next page; null on the last one */
  readonly next: number | null
}

export interface HistoryEntry {
  /** `topic/partition/offset` */
  readonly position: string
  /** The event's */
  readonly id?: string
  /** Unix seconds */
  readonly at?: number
  /** Unix seconds */
  readonly server_time?: number
  readonly actor?: string
  /** The id of the request, or of the event that it follows from */
  readonly cause?: string | null
  /** The event's type, or `Undecodable` */
  readonly type: string
  readonly effect: boolean
  readonly changes: readonly {
    readonly what: string
    /** Any JSON; `{omitted_bytes}` in place of a large one */
    readonly before?: unknown
    /** Any JSON; `{omitted_bytes}` in place of a large one */
    readonly after: unknown
  }[]
  readonly points?: {
    /** `metric`, `image`, …, `lines` or `records` */
    readonly kind: string
    readonly name: string
    readonly context: Readonly<Record<string, unknown>>
    readonly count: number
    /** Null: steps were left open */
    readonly first_step: number | null
    readonly last_step: number | null
  }
  /** Why it cannot be decoded */
  readonly reason?: string
}

export interface Rewinds {
  readonly rewinds: readonly {
    /** `topic/partition/offset` */
    readonly position: string
    readonly offset: number
    /** The event's */
    readonly id: string
    /** Unix seconds */
    readonly at: number
    /** Unix seconds */
    readonly server_time: number
    readonly actor: string
    readonly cause: string | null
    readonly step: number
  }[]
  /** The `cursor` of the next page; null on the last one */
  readonly next: number | null
}

export interface SupersededSequences {
  readonly sequences: readonly {
    readonly name: string
    readonly context: Readonly<Record<string, unknown>>
    /** `metric` or `object` */
    readonly kind: string
    readonly count: number
    readonly first_step: number | null
    readonly last_step: number | null
  }[]
}

export interface SupersededPoints {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  readonly iters: readonly number[]
  readonly values: readonly (number | null)[]
  readonly timestamps: readonly number[]
  readonly epochs: readonly (number | null)[]
  /** The `cursor` of the next page; null on the last one */
  readonly next: number | null
}

export interface Trash {
  readonly runs: readonly {
    readonly id: string
    /** Null once the data is gone */
    readonly name: string | null
    readonly experiment: {
      readonly id: string
      readonly name: string
    } | null
    /** Unix seconds */
    readonly deleted_at: number
    /** Unix seconds */
    readonly purge_due_at: number | null
    readonly restorable: boolean
  }[]
  /** The `cursor` of the next page; null on the last one */
  readonly next: string | null
}

export type NumericArray = Float64Array<ArrayBuffer>

export interface RunFound {
  readonly params: Readonly<Record<string, unknown>>
  readonly traces: {
    readonly metric: readonly {
      readonly name: string
      readonly context: Readonly<Record<string, unknown>>
      readonly values: {
        /** At the highest step */
        readonly last: number | null
        readonly last_step: number | null
        readonly first: number | null
        readonly min: number | null
        readonly max: number | null
      }
    }[]
  }
  readonly props: Props
}

export interface ActiveRun {
  readonly traces: {
    readonly metric: readonly {
      readonly name: string
      readonly context: Readonly<Record<string, unknown>>
      readonly values: {
        readonly last: number | null
        readonly last_step: number | null
      }
    }[]
  }
  readonly props: Props
}

export interface MetricsFound {
  readonly params: Readonly<Record<string, unknown>>
  readonly traces: readonly {
    readonly name: string
    readonly context: Readonly<Record<string, unknown>>
    readonly slice: readonly [number, number, number]
    readonly values: NumericArray
    readonly iters: NumericArray
    readonly epochs: NumericArray
    readonly timestamps: NumericArray
    readonly x_axis_values?: NumericArray
    readonly x_axis_iters?: NumericArray
  }[]
  readonly props: Props
}

export interface AlignedMetric {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  readonly x_axis_values?: NumericArray
  readonly x_axis_iters?: NumericArray
}

export interface LogRecord {
  /** What was logged, a text as a rule */
  readonly message: unknown
  /** `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL` */
  readonly log_level: string
  /** Unix seconds */
  readonly timestamp: number
  /** Any value */
  readonly args: unknown
  /** Any value */
  readonly logger_info: unknown
  readonly is_notified: boolean
}

export interface ItemImages {
  readonly caption: string
  readonly format: string
  /** For get-batch of the blobs */
  readonly blob_uri: string
  readonly index: number
  readonly width: number | null
  readonly height: number | null
}

export interface ItemAudios {
  readonly caption: string
  readonly format: string
  /** For get-batch of the blobs */
  readonly blob_uri: string
  readonly index: number
}

export interface ItemTexts {
  readonly data: string
  readonly index: number
}

export interface ItemDistributions {
  readonly data: NumericArray
  readonly bin_count: number
  readonly range: readonly number[]
}

export interface ItemFigures {
  /** Plotly's JSON */
  readonly data: string
  readonly index: number
}

export interface RunEvent {
  /** The run's */
  readonly id: string
  readonly change: "created" | "changed" | "deleted" | "restored" | "rewound"
  /** Unix seconds */
  readonly at: number
  /** With `q`: whether the run matches now */
  readonly matches?: boolean
}

export interface PointsEvent {
  readonly run: string
  readonly sequences: readonly {
    readonly name: string
    readonly context: Readonly<Record<string, unknown>>
    readonly contextId: number
    /** Of the sequence, when the event was sent */
    readonly lastStep: number | null
    /** How many were logged */
    readonly count: number
  }[]
  /** With `q`: whether the run matches now */
  readonly matches?: boolean
}

export interface EntityEvent {
  readonly kind: "experiment" | "tag" | "note" | "dashboard" | "app" | "report" | "pinned"
  readonly id: string
  readonly change: "created" | "changed" | "deleted"
}

export interface RereadEvent {
  readonly reason: "lag" | "filter"
}

/** What every read takes beside its own. */
export interface AsOf {
  /** Answer as of a time or positions: the id of a generation that `matyan rebuild --as-of` made, or the very text that it was made with; goes before the header */
  readonly as_of?: string
  /** Answer only when this position of the log is visible: `topic/partition/offset`, several with commas, as `X-Matyan-Position` tells them; for clients that set no headers */
  readonly position?: string
}

/** Every operation, by its method and path; paths are below the API's prefix, but for those of the server itself. */

export interface Operations {
  /** Search runs. */
  "GET /runs/search/run": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Most runs of a page; 0: all */
        readonly limit?: number
        /** Pages by cursor, newest runs first: empty for the first page, then what `X-Next-Cursor` said. Goes with no other `sort` and no `offset` */
        readonly cursor?: string
        /** JSON: `[{"field": F, "order": "asc" | "desc"}]`, F one of run, experiment, hash, date, duration, description, creator; newest first without it */
        readonly sort?: string
        /** The id of the last run of the page before; for new clients `cursor` is better */
        readonly offset?: string
        /** Leave out the parameters */
        readonly exclude_params?: boolean
        /** Leave out the metrics */
        readonly exclude_traces?: boolean
        /** Answer JSON that tells how the search finds its runs instead of them: indexes, candidates, runs looked at, limits */
        readonly explain?: boolean
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<Record<string, RunFound>>
    readonly json: {
      /** The expression that is evaluated */
      readonly query: string
      /** Whether indexes told candidates, or all runs were walked through */
      readonly way: "index" | "walk"
      /** Whether each candidate matches, so that none is looked at again */
      readonly exact: boolean
      /** How many runs the indexes told */
      readonly candidates: number | null
      /** How many runs were evaluated */
      readonly looked_at: number
      /** How many runs were found */
      readonly matches: number
      /** The indexes, and how many runs each tells; null: more than a search takes */
      readonly plan: Readonly<Record<string, unknown>>
      readonly spent: {
        readonly milliseconds: number
        readonly steps: number
      }
      readonly limits: {
        readonly steps: number
        readonly milliseconds: number
        readonly candidates: number
      }
    }
  }
  /** Search metrics, with a sample of their points. In the query `metric` stands for one metric, beside `run`. */
  "GET /runs/search/metric": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Most points of a metric, spread over its steps and moved to extremes between */
        readonly p?: number
        /** The name of a metric to send along, as the horizontal axis */
        readonly x_axis?: string
        /** Has no effect; taken for old clients' sake */
        readonly trace_chunk_size?: number
        /** Answer JSON that tells how the search finds its runs instead of them: indexes, candidates, runs looked at, limits */
        readonly explain?: boolean
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<Record<string, MetricsFound>>
    readonly json: {
      /** The expression that is evaluated */
      readonly query: string
      /** Whether indexes told candidates, or all runs were walked through */
      readonly way: "index" | "walk"
      /** Whether each candidate matches, so that none is looked at again */
      readonly exact: boolean
      /** How many runs the indexes told */
      readonly candidates: number | null
      /** How many runs were evaluated */
      readonly looked_at: number
      /** How many runs were found */
      readonly matches: number
      /** The indexes, and how many runs each tells; null: more than a search takes */
      readonly plan: Readonly<Record<string, unknown>>
      readonly spent: {
        readonly milliseconds: number
        readonly steps: number
      }
      readonly limits: {
        readonly steps: number
        readonly milliseconds: number
        readonly candidates: number
      }
    }
  }
  /** The whole series of one metric, to lay others along it. For each trace the metric `align_by` of the same context, up to the second number of `slice` where that is above 0. */
  "POST /runs/search/metric/align": {
    readonly given: {
      readonly query?: AsOf
      readonly body: {
        readonly align_by: string
        readonly runs: readonly {
          readonly run_id: string
          readonly traces: readonly {
            readonly name: string
            readonly context: Readonly<Record<string, unknown>>
            readonly slice: readonly [number, number, number]
          }[]
        }[]
      }
    }
    readonly tree: Readonly<Record<string, readonly AlignedMetric[]>>
  }
  /** Runs that are active now, with their metrics' last values. */
  "GET /runs/active": {
    readonly given: {
      readonly query?: {
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
      } & AsOf
    }
    readonly tree: Readonly<Record<string, ActiveRun>>
  }
  /** Search images. In the query `images` stands for one sequence, beside `run`. */
  "GET /runs/search/images": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<
      Record<
        string,
        {
          readonly params: Readonly<Record<string, unknown>>
          readonly traces: readonly {
            readonly name: string
            readonly context: Readonly<Record<string, unknown>>
            readonly values: readonly (readonly ItemImages[])[]
            readonly iters: readonly number[]
            readonly epochs: readonly (number | null)[]
            readonly timestamps: readonly (number | null)[]
          }[]
          readonly props: Props
          readonly ranges: {
            readonly record_range_used: readonly [number, number]
            readonly record_range_total: readonly [number, number]
            readonly index_range_used?: readonly [number, number] | null
            readonly index_range_total?: readonly [number, number] | null
          }
        }
      >
    >
  }
  /** Steps of one sequence of images. Each sequence is a tree at the root, so ask for one at a time. */
  "POST /runs/{id}/images/get-batch": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly (readonly ItemImages[])[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** One step of one sequence of images. */
  "POST /runs/{id}/images/get-step": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** The step; -1: the last one */
        readonly record_step?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly ItemImages[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** Search texts. In the query `texts` stands for one sequence, beside `run`. */
  "GET /runs/search/texts": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<
      Record<
        string,
        {
          readonly params: Readonly<Record<string, unknown>>
          readonly traces: readonly {
            readonly name: string
            readonly context: Readonly<Record<string, unknown>>
            readonly values: readonly (readonly ItemTexts[])[]
            readonly iters: readonly number[]
            readonly epochs: readonly (number | null)[]
            readonly timestamps: readonly (number | null)[]
          }[]
          readonly props: Props
          readonly ranges: {
            readonly record_range_used: readonly [number, number]
            readonly record_range_total: readonly [number, number]
            readonly index_range_used?: readonly [number, number] | null
            readonly index_range_total?: readonly [number, number] | null
          }
        }
      >
    >
  }
  /** Steps of one sequence of texts. Each sequence is a tree at the root, so ask for one at a time. */
  "POST /runs/{id}/texts/get-batch": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly (readonly ItemTexts[])[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** One step of one sequence of texts. */
  "POST /runs/{id}/texts/get-step": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** The step; -1: the last one */
        readonly record_step?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly ItemTexts[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** Search distributions. In the query `distributions` stands for one sequence, beside `run`. */
  "GET /runs/search/distributions": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<
      Record<
        string,
        {
          readonly params: Readonly<Record<string, unknown>>
          readonly traces: readonly {
            readonly name: string
            readonly context: Readonly<Record<string, unknown>>
            readonly values: readonly (ItemDistributions | null)[]
            readonly iters: readonly number[]
            readonly epochs: readonly (number | null)[]
            readonly timestamps: readonly (number | null)[]
          }[]
          readonly props: Props
          readonly ranges: {
            readonly record_range_used: readonly [number, number]
            readonly record_range_total: readonly [number, number]
            readonly index_range_used?: readonly [number, number] | null
            readonly index_range_total?: readonly [number, number] | null
          }
        }
      >
    >
  }
  /** Steps of one sequence of distributions. Each sequence is a tree at the root, so ask for one at a time. */
  "POST /runs/{id}/distributions/get-batch": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly (ItemDistributions | null)[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** One step of one sequence of distributions. */
  "POST /runs/{id}/distributions/get-step": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** The step; -1: the last one */
        readonly record_step?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly ItemDistributions[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** Search audios. In the query `audios` stands for one sequence, beside `run`. */
  "GET /runs/search/audios": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<
      Record<
        string,
        {
          readonly params: Readonly<Record<string, unknown>>
          readonly traces: readonly {
            readonly name: string
            readonly context: Readonly<Record<string, unknown>>
            readonly values: readonly (readonly ItemAudios[])[]
            readonly iters: readonly number[]
            readonly epochs: readonly (number | null)[]
            readonly timestamps: readonly (number | null)[]
          }[]
          readonly props: Props
          readonly ranges: {
            readonly record_range_used: readonly [number, number]
            readonly record_range_total: readonly [number, number]
            readonly index_range_used?: readonly [number, number] | null
            readonly index_range_total?: readonly [number, number] | null
          }
        }
      >
    >
  }
  /** Steps of one sequence of audios. Each sequence is a tree at the root, so ask for one at a time. */
  "POST /runs/{id}/audios/get-batch": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly (readonly ItemAudios[])[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** One step of one sequence of audios. */
  "POST /runs/{id}/audios/get-step": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** The step; -1: the last one */
        readonly record_step?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly ItemAudios[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** Search figures. In the query `figures` stands for one sequence, beside `run`. */
  "GET /runs/search/figures": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Whether frames tell how far the search is */
        readonly report_progress?: boolean
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly tree: Readonly<
      Record<
        string,
        {
          readonly params: Readonly<Record<string, unknown>>
          readonly traces: readonly {
            readonly name: string
            readonly context: Readonly<Record<string, unknown>>
            readonly values: readonly (ItemFigures | null)[]
            readonly iters: readonly number[]
            readonly epochs: readonly (number | null)[]
            readonly timestamps: readonly (number | null)[]
          }[]
          readonly props: Props
          readonly ranges: {
            readonly record_range_used: readonly [number, number]
            readonly record_range_total: readonly [number, number]
            readonly index_range_used?: readonly [number, number] | null
            readonly index_range_total?: readonly [number, number] | null
          }
        }
      >
    >
  }
  /** Steps of one sequence of figures. Each sequence is a tree at the root, so ask for one at a time. */
  "POST /runs/{id}/figures/get-batch": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly (ItemFigures | null)[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** One step of one sequence of figures. */
  "POST /runs/{id}/figures/get-step": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** The step; -1: the last one */
        readonly record_step?: number
        /** Items of a step, `start:stop` without the last, either bound optional */
        readonly index_range?: string
        /** Most items of a step, spread evenly; 0 or less: all */
        readonly index_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly tree: {
      readonly name?: string
      readonly context?: Readonly<Record<string, unknown>>
      readonly values?: readonly ItemFigures[]
      readonly iters?: readonly number[]
      readonly record_range_used?: readonly [number, number]
      readonly record_range_total?: readonly [number, number]
      readonly index_range_used?: readonly [number, number] | null
      readonly index_range_total?: readonly [number, number] | null
    }
  }
  /** Metrics in buckets of one grid, or point by point. Up to 1000 metrics as frames of little-endian float64 columns, which docs/series.md describes. */
  "GET /runs/series": {
    readonly given: {
      readonly query?: {
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Parts of equal width that the horizontal axis is cut into; without it every point is sent */
        readonly buckets?: number
        /** The horizontal axis of buckets: steps, epochs, Unix seconds, or seconds since the series' first point */
        readonly x?: "step" | "epoch" | "time" | "relative"
        /** Where the horizontal axis begins, included; without it where the first series does */
        readonly from?: number
        /** Where the horizontal axis ends, included; without it where the last series does */
        readonly to?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly raw: Response
  }
  /** Metrics in buckets of one grid, or point by point. Up to 1000 metrics as frames of little-endian float64 columns, which docs/series.md describes. */
  "POST /runs/series": {
    readonly given: {
      readonly query?: {
        /** Parts of equal width that the horizontal axis is cut into; without it every point is sent */
        readonly buckets?: number
        /** The horizontal axis of buckets: steps, epochs, Unix seconds, or seconds since the series' first point */
        readonly x?: "step" | "epoch" | "time" | "relative"
        /** Where the horizontal axis begins, included; without it where the first series does */
        readonly from?: number
        /** Where the horizontal axis ends, included; without it where the last series does */
        readonly to?: number
      } & AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
      readonly body: {
        /** A query, as in searches */
        readonly q?: string
        readonly series?: readonly {
          readonly run: string
          readonly name: string
          readonly context: Readonly<Record<string, unknown>>
        }[]
      }
    }
    readonly raw: Response
  }
  /** What changes, as it changes. Server-sent events without end: runs, points, entities. Whoever connects again with the last id misses nothing and sees nothing twice; a `reread` event says to read everything anew. */
  "GET /stream": {
    readonly given: {
      readonly query?: {
        /** `runs`, `points`, `entities`, several with commas; all without it */
        readonly topics?: readonly string[]
        /** Only what happens to this run; may be repeated */
        readonly run?: readonly string[]
        /** A MatyanQL expression over `run` (and `metric`, `images`, …); empty: every run */
        readonly q?: string
        /** Goes on after an event, by its id; `Last-Event-ID` goes before it */
        readonly cursor?: string
      } & Pick<AsOf, "position">
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
        /** The id of the last event that was seen, as browsers send it when they connect again */
        readonly "Last-Event-ID"?: string
      }
    }
    readonly events: {
      readonly run: RunEvent
      readonly points: PointsEvent
      readonly entity: EntityEvent
      readonly reread: RereadEvent
    }
  }
  /** A run: parameters, fields, sequences, artifacts. */
  "GET /runs/{id}/info": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Leave out `__system_params` */
        readonly skip_system?: boolean
        /** Which kinds of sequences are told; may be repeated; all without it */
        readonly sequence?: readonly ("metric" | "images" | "texts" | "distributions" | "audios" | "figures")[]
      } & AsOf
    }
    readonly json: RunInfo
  }
  /** Change a run's fields. A field that is missing or null stays as it is. An experiment is named; an unknown one is made, the empty name takes the run out of its experiment. */
  "PUT /runs/{id}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name?: string | null
        readonly description?: string | null
        readonly archived?: boolean | null
        readonly experiment?: string | null
        readonly active?: boolean | null
      }
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Delete a run. It is hidden at once, can be brought back while it is in the trash, and its data and files go when that time is over. */
  "DELETE /runs/{id}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Let a deleted run's id be used anew. */
  "POST /runs/{id}/clear-tombstone": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly accepted: Accepted
    readonly nothing: undefined
  }
  /** Tag a run. A tag of that name is made where there is none. */
  "POST /runs/{id}/tags/new": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly tag_name: string
      }
    }
    readonly json: {
      readonly id: string
      readonly tag_id: string
      readonly status: "OK"
    }
    readonly accepted: Accepted
  }
  /** Take a tag from a run. */
  "DELETE /runs/{id}/tags/{tagId}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
        /** The tag's id */
        readonly tagId: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: {
      readonly id: string
      readonly removed: boolean
      readonly status: "OK"
    }
    readonly accepted: Accepted
  }
  /** Points of chosen metrics of one run, as JSON. Names that are not there are left out. */
  "POST /runs/{id}/metric/get-batch": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
        /** Most steps of a sequence, spread evenly; 0 or less: all */
        readonly record_density?: number
      } & AsOf
      readonly body: readonly Sequence[]
    }
    readonly json: readonly MetricPoints[]
  }
  /** Delete runs. Ids of no run are passed over. */
  "POST /runs/delete-batch": {
    readonly given: { readonly query?: Pick<AsOf, "position">; readonly body: readonly string[] }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** End runs that still count as active. Ids of no run are passed over. */
  "POST /runs/finish-batch": {
    readonly given: { readonly query?: Pick<AsOf, "position">; readonly body: readonly string[] }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** Archive runs, or bring them back. Ids of no run are passed over. */
  "POST /runs/archive-batch": {
    readonly given: {
      readonly query?: {
        /** Whether to archive, or to bring back */
        readonly archive?: boolean
      } & Pick<AsOf, "position">
      readonly body: readonly string[]
    }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** Who changed what of a run, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /runs/{id}/history": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** `run`: what happened to the run itself; `control`: what the project says of it, its notes and the removal of its objects */
        readonly of?: "run" | "control"
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who changed what of an experiment, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /experiments/{id}/history": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who changed what of a tag, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /tags/{id}/history": {
    readonly given: {
      readonly path: {
        /** The tag's id */
        readonly id: string
      }
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who changed what of a note, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /notes/{id}/history": {
    readonly given: {
      readonly path: {
        /** The note's id */
        readonly id: string
      }
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who changed what of a dashboard, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /dashboards/{id}/history": {
    readonly given: {
      readonly path: {
        /** The dashboard's id */
        readonly id: string
      }
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who changed what of an app, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /apps/{id}/history": {
    readonly given: {
      readonly path: {
        /** The app's id */
        readonly id: string
      }
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who changed what of a report, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /reports/{id}/history": {
    readonly given: {
      readonly path: {
        /** The report's id */
        readonly id: string
      }
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** Who pinned sequences or discarded dead letters, and when. Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit. */
  "GET /projects/history": {
    readonly given: {
      readonly query?: {
        /** Which comes first */
        readonly order?: "newest" | "oldest"
        /** Most events of the log that a page looks at */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: History
  }
  /** The deleted runs. Also those whose data is gone, which cannot be restored. */
  "GET /trash": {
    readonly given: {
      readonly query?: {
        /** Most runs of a page */
        readonly limit?: number
        /** What the page before said was `next`; empty or missing: the first page */
        readonly cursor?: string
      } & AsOf
    }
    readonly json: Trash
  }
  /** Bring a deleted run back. As it was, with its tags and its experiment. Of a run that is not deleted, nothing is to be done. */
  "POST /runs/{id}/restore": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Bring deleted runs back. Ids of no run, and of none that can be restored, are passed over. */
  "POST /runs/restore-batch": {
    readonly given: { readonly query?: Pick<AsOf, "position">; readonly body: readonly string[] }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** The rewinds of a run. */
  "GET /runs/{id}/superseded": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: Rewinds
  }
  /** What a rewind dropped. Without a name, which sequences; with one, its points. Of objects their steps are told. */
  "GET /runs/{id}/superseded/{offset}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
        /** The offset of the rewind in the run's partition, as the list of rewinds tells it */
        readonly offset: string
      }
      readonly query?: {
        /** The sequence whose points are told; missing: which sequences there are */
        readonly name?: string
        /** Its context, as a JSON object */
        readonly context?: string
        /** Most points of a page */
        readonly limit?: number
        /** What the page before said was `next`; missing: the first page */
        readonly cursor?: number
      } & AsOf
    }
    readonly json: SupersededSequences | SupersededPoints
  }
  /** Take a run back to a step. What its metrics and objects hold above the step is dropped, as if it had never been logged; logging goes on from there. */
  "POST /runs/{id}/rewind": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly step: number
      }
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** One artifact. With a `Range` header, a part of it. */
  "GET /runs/{id}/artifacts/download": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query: {
        /** The artifact's path in its run */
        readonly path: string
      } & AsOf
    }
    readonly raw: Response
  }
  /** All artifacts in one archive. */
  "GET /runs/{id}/artifacts/download-all": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly raw: Response
  }
  /** Lines of the terminal. Without a range the last 200. Of an unknown run there are none. */
  "GET /runs/{id}/logs": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
      } & AsOf
    }
    readonly tree: Readonly<Record<string, string>>
  }
  /** Log records. Without a range the last 200. Of an unknown run there are none. */
  "GET /runs/{id}/log-records": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: {
        /** Steps, `start:stop` without the last, either bound optional */
        readonly record_range?: string
      } & AsOf
    }
    readonly tree: {
      readonly log_records_count: number
      readonly [name: string]: LogRecord | number
    }
  }
  /** Bytes of images by their URIs. URIs are those of searches (`blob_uri`). What is no URI is left out; what is gone is empty. */
  "POST /runs/images/get-batch": {
    readonly given: { readonly query?: AsOf; readonly body: readonly string[] }
    readonly tree: Readonly<Record<string, Uint8Array<ArrayBuffer>>>
  }
  /** Bytes of audios by their URIs. URIs are those of searches (`blob_uri`). What is no URI is left out; what is gone is empty. */
  "POST /runs/audios/get-batch": {
    readonly given: { readonly query?: AsOf; readonly body: readonly string[] }
    readonly tree: Readonly<Record<string, Uint8Array<ArrayBuffer>>>
  }
  /** All experiments. */
  "GET /experiments": {
    readonly given: { readonly query?: AsOf }
    readonly json: readonly Experiment[]
  }
  /** Make an experiment. */
  "POST /experiments": {
    readonly given: {
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name: string
      }
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Experiments by name. */
  "GET /experiments/search": {
    readonly given: {
      readonly query?: {
        /** A part of the name, in any case; empty: all */
        readonly q?: string
      } & AsOf
    }
    readonly json: readonly Experiment[]
  }
  /** An experiment. */
  "GET /experiments/{id}": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: Experiment
  }
  /** Change an experiment. A field that is missing or null stays as it is. */
  "PUT /experiments/{id}": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name?: string | null
        readonly description?: string | null
        readonly archived?: boolean | null
      }
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Delete an experiment. Its runs stay, in no experiment. */
  "DELETE /experiments/{id}": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** An experiment's runs. */
  "GET /experiments/{id}/runs": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: {
        /** Most runs of a page */
        readonly limit?: number
        /** The id of the last run of the page before */
        readonly offset?: string
      } & AsOf
    }
    readonly json: ExperimentRuns
  }
  /** How many runs were begun in which hour. */
  "GET /experiments/{id}/activity": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly json: ExperimentActivity
  }
  /** All tags. */
  "GET /tags": {
    readonly given: { readonly query?: AsOf }
    readonly json: readonly Tag[]
  }
  /** Make a tag. */
  "POST /tags": {
    readonly given: {
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name: string
        readonly color?: string | null
        readonly description?: string | null
      }
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Tags by name. */
  "GET /tags/search": {
    readonly given: {
      readonly query?: {
        /** A part of the name, in any case; empty: all */
        readonly q?: string
      } & AsOf
    }
    readonly json: readonly Tag[]
  }
  /** A tag. */
  "GET /tags/{id}": {
    readonly given: {
      readonly path: {
        /** The tag's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: Tag
  }
  /** Change a tag. A field that is missing or null stays as it is. */
  "PUT /tags/{id}": {
    readonly given: {
      readonly path: {
        /** The tag's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name?: string | null
        readonly color?: string | null
        readonly description?: string | null
        readonly archived?: boolean | null
      }
    }
    readonly json: IdStatus
    readonly accepted: Accepted
  }
  /** Delete a tag. */
  "DELETE /tags/{id}": {
    readonly given: {
      readonly path: {
        /** The tag's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: null
    readonly accepted: Accepted
  }
  /** The runs that bear a tag. */
  "GET /tags/{id}/runs": {
    readonly given: {
      readonly path: {
        /** The tag's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: TagRuns
  }
  /** The notes on a run. */
  "GET /runs/{id}/note": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: readonly RunNote[]
  }
  /** Write a note on a run. */
  "POST /runs/{id}/note": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly content: string
      }
    }
    readonly json: NoteCreated
    readonly accepted: Accepted
  }
  /** A note on a run. */
  "GET /runs/{id}/note/{noteId}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
        /** The note's id */
        readonly noteId: string
      }
      readonly query?: AsOf
    }
    readonly json: Note
  }
  /** Change a note on a run. */
  "PUT /runs/{id}/note/{noteId}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
        /** The note's id */
        readonly noteId: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly content: string
      }
    }
    readonly json: Note
    readonly accepted: Accepted
  }
  /** Delete a note on a run. */
  "DELETE /runs/{id}/note/{noteId}": {
    readonly given: {
      readonly path: {
        /** The run's id */
        readonly id: string
        /** The note's id */
        readonly noteId: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** The notes on an experiment. */
  "GET /experiments/{id}/note": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: readonly ExperimentNote[]
  }
  /** Write a note on an experiment. */
  "POST /experiments/{id}/note": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly content: string
      }
    }
    readonly json: NoteCreated
    readonly accepted: Accepted
  }
  /** A note on an experiment. */
  "GET /experiments/{id}/note/{noteId}": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
        /** The note's id */
        readonly noteId: string
      }
      readonly query?: AsOf
    }
    readonly json: Note
  }
  /** Change a note on an experiment. */
  "PUT /experiments/{id}/note/{noteId}": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
        /** The note's id */
        readonly noteId: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly content: string
      }
    }
    readonly json: Note
    readonly accepted: Accepted
  }
  /** Delete a note on an experiment. */
  "DELETE /experiments/{id}/note/{noteId}": {
    readonly given: {
      readonly path: {
        /** The experiment's id */
        readonly id: string
        /** The note's id */
        readonly noteId: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly json: Status
    readonly accepted: Accepted
  }
  /** All dashboards. */
  "GET /dashboards": {
    readonly given: { readonly query?: AsOf }
    readonly json: readonly Dashboard[]
  }
  /** Make a dashboard. */
  "POST /dashboards": {
    readonly given: {
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name: string
        readonly description?: string | null
        readonly app_id?: string | null
      }
    }
    readonly json: Dashboard
    readonly accepted: Accepted
  }
  /** Get a dashboard. */
  "GET /dashboards/{id}": {
    readonly given: {
      readonly path: {
        /** The dashboard's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: Dashboard
  }
  /** Change a dashboard. A field that is missing or null stays as it is. */
  "PUT /dashboards/{id}": {
    readonly given: {
      readonly path: {
        /** The dashboard's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name?: string | null
        readonly description?: string | null
      }
    }
    readonly json: Dashboard
    readonly accepted: Accepted
  }
  /** Delete a dashboard. */
  "DELETE /dashboards/{id}": {
    readonly given: {
      readonly path: {
        /** The dashboard's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly accepted: Accepted
    readonly nothing: undefined
  }
  /** All apps. */
  "GET /apps": {
    readonly given: { readonly query?: AsOf }
    readonly json: readonly App[]
  }
  /** Make an app. */
  "POST /apps": {
    readonly given: {
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly type: string
        readonly state: Readonly<Record<string, unknown>>
      }
    }
    readonly json: App
    readonly accepted: Accepted
  }
  /** Get an app. */
  "GET /apps/{id}": {
    readonly given: {
      readonly path: {
        /** The app's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: App
  }
  /** Change an app. A field that is missing or null stays as it is. */
  "PUT /apps/{id}": {
    readonly given: {
      readonly path: {
        /** The app's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly type?: string | null
        readonly state?: Readonly<Record<string, unknown>> | null
      }
    }
    readonly json: App
    readonly accepted: Accepted
  }
  /** Delete an app. */
  "DELETE /apps/{id}": {
    readonly given: {
      readonly path: {
        /** The app's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly accepted: Accepted
    readonly nothing: undefined
  }
  /** All reports. */
  "GET /reports": {
    readonly given: { readonly query?: AsOf }
    readonly json: readonly Report[]
  }
  /** Make a report. */
  "POST /reports": {
    readonly given: {
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name: string
        readonly code?: string | null
        readonly description?: string | null
      }
    }
    readonly json: Report
    readonly accepted: Accepted
  }
  /** Get a report. */
  "GET /reports/{id}": {
    readonly given: {
      readonly path: {
        /** The report's id */
        readonly id: string
      }
      readonly query?: AsOf
    }
    readonly json: Report
  }
  /** Change a report. A field that is missing or null stays as it is. */
  "PUT /reports/{id}": {
    readonly given: {
      readonly path: {
        /** The report's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly name?: string | null
        readonly code?: string | null
        readonly description?: string | null
      }
    }
    readonly json: Report
    readonly accepted: Accepted
  }
  /** Delete a report. */
  "DELETE /reports/{id}": {
    readonly given: {
      readonly path: {
        /** The report's id */
        readonly id: string
      }
      readonly query?: Pick<AsOf, "position">
    }
    readonly accepted: Accepted
    readonly nothing: undefined
  }
  /** The project. */
  "GET /projects": {
    readonly given: { readonly query?: AsOf }
    readonly json: Project
  }
  /** Whether the project is up to date. */
  "GET /projects/status": {
    readonly given: { readonly query?: AsOf }
    readonly json: "up-to-date"
  }
  /** How many runs were begun on which day. */
  "GET /projects/activity": {
    readonly given: {
      readonly query?: AsOf
      readonly headers?: {
        /** Minutes west of UTC, as browsers count them: what days and times mean */
        readonly "X-Timezone-Offset"?: number
      }
    }
    readonly json: ProjectActivity
  }
  /** Which parameters and sequences the runs have. */
  "GET /projects/params": {
    readonly given: {
      readonly query?: {
        /** Which kinds of sequences are told; may be repeated; all without it */
        readonly sequence?: readonly ("metric" | "images" | "texts" | "distributions" | "audios" | "figures")[]
        /** Leave out the parameters */
        readonly exclude_params?: boolean
      } & AsOf
    }
    readonly json: ProjectParams
  }
  /** The pinned sequences. */
  "GET /projects/pinned-sequences": {
    readonly given: { readonly query?: AsOf }
    readonly json: PinnedSequences
  }
  /** Pin other sequences in place of those that are. */
  "POST /projects/pinned-sequences": {
    readonly given: {
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly sequences: readonly {
          readonly name: string
          readonly context: Readonly<Record<string, unknown>>
        }[]
      }
    }
    readonly json: PinnedSequences
    readonly accepted: Accepted
  }
  /** The events that could not be decoded or folded. */
  "GET /dead-letters": {
    readonly given: { readonly query?: AsOf }
    readonly json: readonly DeadLetter[]
  }
  /** One of them. */
  "GET /dead-letters/{topic}/{partition}/{offset}": {
    readonly given: {
      readonly path: {
        /** `data-ingestion` or `control-events` */
        readonly topic: string
        /** The partition */
        readonly partition: string
        /** The offset in it */
        readonly offset: string
      }
      readonly query?: AsOf
    }
    readonly json: DeadLetter
  }
  /** Give one up for ever. It stays out of every projection, of those that are rebuilt later too. */
  "POST /dead-letters/{topic}/{partition}/{offset}/discard": {
    readonly given: {
      readonly path: {
        /** `data-ingestion` or `control-events` */
        readonly topic: string
        /** The partition */
        readonly partition: string
        /** The offset in it */
        readonly offset: string
      }
      readonly query?: Pick<AsOf, "position">
      readonly body: {
        readonly reason: string
      }
    }
    readonly json: DeadLetter
    readonly accepted: Accepted
  }
  /** The sets of projections that there are. The one that serves; one that is being rebuilt beside it; those that rebuilds have replaced, until when they are kept; and those that end at some positions, which any read can be answered from with `as_of`. */
  "GET /generations": {
    readonly given: { readonly query?: Pick<AsOf, "position"> }
    readonly json: readonly Generation[]
  }
  /** Which protocol is spoken. */
  "GET /version": {
    readonly given: { readonly query?: Pick<AsOf, "position"> }
    readonly json: Version
  }
  /** Whether the gateway lives. */
  "GET /health/live": {
    readonly json: Health
  }
  /** Whether what the gateway stands on is there. */
  "GET /health/ready": {
    readonly json: Health
  }
  /** Metrics for Prometheus. */
  "GET /metrics": {
    readonly text: string
  }
  /** This document. */
  "GET /openapi.json": {
    readonly json: Readonly<Record<string, unknown>>
  }
  /** This document as a page. */
  "GET /docs": {
    readonly text: string
  }
  /** What runs here, as a page. */
  "GET /": {
    readonly text: string
  }
  /** How the stock web UI is used with this server. */
  "GET /docs/web-ui.md": {
    readonly text: string
  }
  /** How binary streams are read. */
  "GET /docs/streams.md": {
    readonly text: string
  }
}
