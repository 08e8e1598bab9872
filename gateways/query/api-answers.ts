/** The named schemas of what the gateway answers in JSON. */
import { anyObject, flag, integer, type JsonSchema, list, mapOf, number, object, orNull, ref, text, time } from "./api-schema.ts"
import { buckets } from "./buckets.ts"

/** Runs by local hour or day. */
const activity = { activity_map: mapOf(integer("Runs begun in that hour or day; those without any are left out")) }

const entityTimes = { updated_at: time, created_at: time }

export const answerSchemas: Readonly<Record<string, JsonSchema>> = {
  Error: object({
    error: object({ code: text("`bad_request`, `not_found`, `validation_error`, …"), message: text() }),
    detail: { anyOf: [text(), ref("SyntaxPlace")] },
    message: text("What is wrong, naming the parameter or field; `SyntaxError` where `detail` is a place"),
  }),
  SyntaxPlace: object(
    {
      statement: text("The query"),
      line: integer("From 1"),
      offset: integer("The first character that is wrong"),
      end_offset: integer(),
    },
    ["end_offset"],
  ),
  Accepted: object(
    {
      status: { const: "accepted" },
      positions: list(text("topic/partition/offset")),
      id: text("Of a creation: the id of what will be there, unless another takes its name first"),
    },
    ["id"],
  ),
  Status: object({ status: { const: "OK" } }),
  IdStatus: object({ id: text(), status: { const: "OK" } }),
  Sequence: object({ name: text(), context: anyObject }),
  Props: object({
    name: text(),
    description: text(),
    experiment: object({ id: orNull(text()), name: orNull(text()), description: orNull(text()) }),
    tags: list(object({ id: text(), name: text(), color: text(), description: text() })),
    creation_time: time,
    end_time: orNull(time),
    archived: flag,
    active: flag,
  }),
  RunInfo: object({
    params: anyObject,
    traces: object(
      Object.fromEntries(
        buckets.map((bucket) => [bucket, list(object({ context: anyObject, name: text(), last_value: orNull(number()) }))]),
      ),
      buckets,
    ),
    props: ref("Props"),
    artifacts: list(object({ name: text(), path: text(), uri: text() })),
  }),
  MetricPoints: object({
    name: text(),
    context: anyObject,
    iters: list(integer("A step")),
    values: list(orNull(number("Null where it is NaN or infinite, which JSON lacks"))),
  }),
  Experiment: object({
    id: text(),
    name: text(),
    description: text(),
    run_count: integer(),
    archived: flag,
    creation_time: orNull(time),
  }),
  ExperimentRuns: object({
    id: text(),
    runs: list(object({ run_id: text(), name: text(), creation_time: time, end_time: orNull(time), archived: flag })),
  }),
  ExperimentActivity: object({ num_runs: integer(), num_archived_runs: integer(), num_active_runs: integer(), ...activity }),
  Tag: object({ id: text(), name: text(), color: text(), description: text(), run_count: integer(), archived: flag }),
  TagRuns: object({
    id: text(),
    runs: list(object({ run_id: text(), name: text(), experiment: orNull(text()), creation_time: time, end_time: orNull(time) })),
  }),
  Dashboard: object({
    id: text(),
    name: text(),
    description: text(),
    app_id: orNull(text()),
    app_type: orNull(text()),
    ...entityTimes,
  }),
  App: object({ id: text(), type: text(), ...entityTimes, state: anyObject }),
  Report: object({ id: text(), name: text(), code: text(), description: text(), ...entityTimes }),
  DeadLetter: object({
    position: text("`topic/partition/offset`"),
    type: text("The event's type, or `Undecodable`"),
    key: text(),
    reason: text(),
    appended_at: orNull(time),
    buried_at: time,
    discarded: orNull(object({ at: time, reason: text() })),
  }),
  Generation: object({
    id: integer("Larger than those of all before it"),
    state: { type: "string", enum: ["serving", "beside", "returning", "former", "as-of"] },
    fold_version: integer("Of the code that folded it; 0: it is being removed"),
    folded: orNull(mapOf(integer("The next offset to fold"))),
    since: orNull(time),
    kept_until: orNull(time),
    as_of: orNull(object({ asked: text(), positions: text("The last of each partition"), complete: flag })),
  }),
  Note: object({ id: text(), content: text(), updated_at: time }),
  NoteCreated: object({ id: text(), created_at: time }),
  RunNote: object({ id: text(), content: text(), ...entityTimes, run_hash: text() }),
  ExperimentNote: object({ id: text(), content: text(), ...entityTimes, experiment_id: text() }),
  Project: object({
    name: text(),
    path: text(),
    description: text(),
    telemetry_enabled: integer(),
    warn_index: flag,
    warn_runs: flag,
  }),
  ProjectActivity: object({
    num_experiments: integer(),
    num_runs: integer(),
    num_archived_runs: integer(),
    num_active_runs: integer(),
    ...activity,
  }),
  ProjectParams: object({ params: anyObject, ...Object.fromEntries(buckets.map((bucket) => [bucket, mapOf(list(anyObject))])) }, [
    "params",
    ...buckets,
  ]),
  PinnedSequences: object({ sequences: list(ref("Sequence")) }),
  Version: object({ version: text(), component: text(), fdb_api_version: integer() }),
  Health: object({ status: text(), checks: mapOf(text("`ok`, or what is wrong")) }, ["checks"]),
}
