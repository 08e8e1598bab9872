/** What the routes of single runs, of many at once, and of their files and logs declare. */
import { Schema } from "effect"
import { bodies } from "../../domain/commands.ts"
import {
  badInput,
  badQuery,
  bodyOf,
  commandAnswers,
  empty,
  file,
  json,
  notThere,
  type Operations,
  stream,
  tagged,
} from "./api-operation.ts"
import * as parameters from "./api-parameters.ts"
import { flag, integer, list, object, ref, text } from "./api-schema.ts"

const aRun = "b9c1fd2e8f0a4c55b1c0e7f6a5d4c3b2"

/** Bodies that name sequences. */
export const namedSequences = {
  schema: list(ref("Sequence")),
  example: [{ name: "loss", context: { subset: "train" } }],
  isRequired: true,
}

/** The key of a step, as a reader of JSON would write it. */
const step = String.raw`^-?\d+$`

const attachment = { "Content-Disposition": "The name to save it under" }

export const runOperations: Operations = tagged("Runs", {
  "GET /runs/:id/info": {
    summary: "A run: parameters, fields, sequences, artifacts",
    parameters: [parameters.skipSystemInInfo, parameters.sequence],
    answers: [json(ref("RunInfo"), "The run"), notThere, badInput],
  },
  "PUT /runs/:id": {
    summary: "Change a run's fields",
    says: "A field that is missing or null stays as it is. An experiment is named; an unknown one is made, the empty name takes the run out of its experiment.",
    body: bodyOf(bodies.updateRun, { name: "baseline", description: "first try", experiment: "digits", archived: false }),
    answers: [json(ref("IdStatus")), ...commandAnswers, notThere],
  },
  "DELETE /runs/:id": {
    summary: "Delete a run",
    says: "It is hidden at once, can be brought back while it is in the trash, and its data and files go when that time is over.",
    answers: [json(ref("IdStatus")), ...commandAnswers, notThere],
  },
  "POST /runs/:id/clear-tombstone": {
    summary: "Let a deleted run's id be used anew",
    answers: [empty(), ...commandAnswers, notThere],
  },
  "POST /runs/:id/tags/new": {
    summary: "Tag a run",
    says: "A tag of that name is made where there is none.",
    body: bodyOf(bodies.tagRun, { tag_name: "reviewed" }),
    answers: [json(object({ id: text(), tag_id: text(), status: { const: "OK" } })), ...commandAnswers, notThere],
  },
  "DELETE /runs/:id/tags/:tagId": {
    summary: "Take a tag from a run",
    path: { tagId: "The tag's id" },
    answers: [json(object({ id: text(), removed: flag, status: { const: "OK" } })), ...commandAnswers, notThere],
  },
  "POST /runs/:id/metric/get-batch": {
    summary: "Points of chosen metrics of one run, as JSON",
    says: "Names that are not there are left out.",
    parameters: [parameters.recordRange, parameters.recordDensity],
    body: namedSequences,
    answers: [json(list(ref("MetricPoints")), "The metrics, in the order they were asked for"), badQuery, notThere, badInput],
  },
  ...Object.fromEntries(
    [
      ["delete", "Delete runs", []] as const,
      ["finish", "End runs that still count as active", []] as const,
      ["archive", "Archive runs, or bring them back", [parameters.archive]] as const,
    ].map(([verb, summary, read]) => [
      `POST /runs/${verb}-batch`,
      {
        summary,
        says: "Ids of no run are passed over.",
        parameters: read,
        body: bodyOf(bodies.runIds, [aRun]),
        answers: [json(ref("Status")), ...commandAnswers],
      },
    ]),
  ),
})

export const fileOperations: Operations = tagged("Files and logs", {
  "GET /runs/:id/artifacts/download": {
    summary: "One artifact",
    says: "With a `Range` header, a part of it.",
    parameters: [parameters.artifactPath],
    answers: [
      file("The artifact", "*/*", { ...attachment, "Accept-Ranges": "bytes" }),
      file("The part that `Range` asked for", "*/*", { ...attachment, "Content-Range": "Which bytes, of how many" }, 206),
      notThere,
      { ...badInput, status: 416, says: "The artifact does not reach that far" },
      badInput,
    ],
  },
  "GET /runs/:id/artifacts/download-all": {
    summary: "All artifacts in one archive",
    answers: [file("A ZIP archive, written while it is sent", "application/zip", attachment), notThere],
  },
  "GET /runs/:id/logs": {
    summary: "Lines of the terminal",
    says: "Without a range the last 200. Of an unknown run there are none.",
    parameters: [parameters.recordRange],
    answers: [
      stream("Lines by their step", { type: "object", patternProperties: { [step]: text() }, additionalProperties: false }),
      badQuery,
      notThere,
    ],
  },
  "GET /runs/:id/log-records": {
    summary: "Log records",
    says: "Without a range the last 200. Of an unknown run there are none.",
    parameters: [parameters.recordRange],
    answers: [
      stream("How many there are, and records by their step", {
        type: "object",
        properties: { log_records_count: integer() },
        patternProperties: { [step]: ref("LogRecord") },
        required: ["log_records_count"],
        additionalProperties: false,
      }),
      badQuery,
      notThere,
    ],
  },
  ...Object.fromEntries(
    ["images", "audios"].map((kind) => [
      `POST /runs/${kind}/get-batch`,
      {
        summary: `Bytes of ${kind} by their URIs`,
        says: "URIs are those of searches (`blob_uri`). What is no URI is left out; what is gone is empty.",
        body: bodyOf(Schema.Array(Schema.String), ["gAAAAA…"]),
        answers: [stream("Bytes by URI", { type: "object", additionalProperties: { description: "Bytes" } }), badInput],
      },
    ]),
  ),
})
