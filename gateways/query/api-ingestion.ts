/** What the ingestion gateway answers; it is a server of its own, and stands in the same document for whoever looks. */
import type { Operation, Operations } from "./api-operation.ts"
import { file, json, tagged } from "./api-operation.ts"
import { multipartOperations, multipartSchemas } from "./api-multipart.ts"
import { type JsonSchema, list, mapOf, object, orNull, ref, text } from "./api-schema.ts"

const place: JsonSchema = { type: "array", items: { type: ["string", "integer"] } }

export const ingestionSchemas: Readonly<Record<string, JsonSchema>> = {
  IngestionRefusal: object({
    detail: list(object({ type: text(), loc: place, msg: text(), input: { description: "What was sent" } })),
  }),
  IngestionFault: object({ detail: text() }),
  PresignRequest: object(
    {
      run_id: text(),
      artifact_path: text("Relative, without `.`, `..` and empty parts"),
      content_type: { type: "string", default: "application/octet-stream" },
      sha256: orNull(text("Of the content, 64 hexadecimal digits; nothing else is stored then")),
    },
    ["content_type", "sha256"],
  ),
  Presigned: object({
    upload_url: text("PUT the bytes there"),
    s3_key: text(),
    headers: orNull(mapOf(text("To be sent along"))),
  }),
  ...multipartSchemas,
  IngestionVersion: object({ version: text(), component: { const: "frontier" } }),
}

const refused = (status: number, says: string) => ({ ...json(ref("IngestionFault"), says, status) })

const socket: Operation = {
  tag: "Ingestion",
  summary: "The WebSocket that runs log through",
  says: [
    "A WebSocket handshake. Each text frame is a JSON array of messages (`create_run`, `log_metric`, `log_hparams`,",
    "`log_custom_object`, `add_tag`, `log_record`, …), at most 16 MiB, and is answered by one frame once everything in it",
    'stands in the log durably: `{"status": "ok", "error": null}`, or status `error` with a text that names the messages that',
    "were refused; the good ones beside them are kept. While the log is away",
    "the answer is held back; after 40 seconds the socket is closed with 1013: connect again and send again what was not",
    "answered. What was sent twice is kept once.",
  ].join(" "),
  path: { run_id: "The run; any id without slashes or control characters" },
  answers: [
    { status: 101, says: "The socket is open" },
    file("The run's id cannot be one", "text/plain", {}, 400),
    file("This origin may not connect", "text/plain", {}, 403),
    file("Not now: the log is away, or there are too many sockets", "text/plain", {}, 503),
  ],
}

export const ingestionOperations: Operations = {
  "GET /api/v1/ws/runs/:run_id": socket,
  ...tagged("Ingestion", {
    "POST /api/v1/rest/artifacts/presign": {
      summary: "Get a signed address to upload a file to",
      body: {
        schema: ref("PresignRequest"),
        example: { run_id: "b9c1fd2e", artifact_path: "model/weights.bin", content_type: "application/octet-stream" },
        isRequired: true,
      },
      answers: [
        json(ref("Presigned"), "Where and how to upload"),
        json(ref("IngestionRefusal"), "A field is wrong", 422),
        refused(503, "The blob store is away"),
      ],
    },
    ...multipartOperations,
    "PUT /api/v1/blobs/:key": {
      summary: "Upload to a signed address",
      says: "Where objects are kept in files. The address is one that was signed, whole. The answer has an `ETag`, which a part is completed with.",
      answers: [
        { status: 200, says: "Stored" },
        refused(400, "The bytes are not those of the checksum, or not as many as the part has"),
        refused(403, "The address is not signed so, or too old"),
        refused(404, "The upload in parts that it belongs to has ended"),
        refused(413, "Too large"),
      ],
    },
    "GET /api/v1/blobs/:key": {
      summary: "Download from a signed address",
      says: "Where objects are kept in files. Takes `Range`.",
      answers: [
        file("The object", "*/*"),
        file("A part of it", "*/*", {}, 206),
        refused(403, "The address is not signed so, or too old"),
        refused(404, "There is no such object"),
      ],
    },
    "GET /api/v1/rest/version/": { summary: "Its version", answers: [json(ref("IngestionVersion"), "The version")] },
    "GET /health/live/": { summary: "Whether it lives", answers: [json(ref("Health"), "It does")] },
    "GET /health/ready/": {
      summary: "Whether what it stands on is there",
      answers: [json(ref("Health"), "Ready"), json(ref("Health"), "The log is away", 503)],
    },
    "GET /metrics/": { summary: "Metrics for Prometheus", answers: [file("Prometheus' text format", "text/plain")] },
  }),
}

/** Where it listens unless it was told otherwise. */
export const ingestionServer = {
  url: "http://{host}:{port}",
  description: "The ingestion gateway",
  variables: { host: { default: "localhost" }, port: { default: "53801" } },
}
