/** What the ingestion gateway answers about uploads in parts. */
import { leastPartBytes, mostPartBytes } from "../../domain/part-plan.ts"
import { type Answer, type Operations, json, tagged } from "./api-operation.ts"
import { flag, integer, type JsonSchema, list, mapOf, object, orNull, ref, text } from "./api-schema.ts"

const target = { run_id: text(), artifact_path: text("Relative, without `.`, `..` and empty parts") }
const upload = { ...target, upload_id: text("As the beginning was answered; it holds for this run and path") }
const number = integer("From 1")
const sha256 = text("SHA-256 of the part, 64 hexadecimal digits")

export const multipartSchemas: Readonly<Record<string, JsonSchema>> = {
  MultipartBegin: object(
    {
      ...target,
      content_type: { type: "string", default: "application/octet-stream" },
      bytes: { ...integer("Of the whole object"), minimum: 1 },
      part_bytes: {
        ...orNull(integer("Of each part but the last; by default 16 MiB, or as many as make 10,000 parts")),
        minimum: leastPartBytes,
        maximum: mostPartBytes,
      },
      part_sha256: { ...flag, default: true, description: "Whether each part comes with its SHA-256" },
    },
    ["content_type", "part_bytes", "part_sha256"],
  ),
  MultipartBegun: object({ upload_id: text(), s3_key: text(), part_bytes: integer(), parts: integer("How many") }),
  MultipartSign: object({
    ...upload,
    parts: { ...list(object({ number, sha256: orNull(sha256) }, ["sha256"])), minItems: 1, maxItems: 100 },
  }),
  MultipartSigned: object({
    parts: list(
      object({
        number,
        upload_url: text("PUT the part there"),
        headers: orNull(mapOf(text("To be sent along"))),
      }),
    ),
  }),
  MultipartComplete: object({
    ...upload,
    parts: { ...list(object({ number, etag: text("The header `ETag` of the part's answer") })), minItems: 1, maxItems: 10_000 },
  }),
  MultipartCompleted: object({ s3_key: text(), bytes: integer() }),
  MultipartAbort: object(upload),
  MultipartAborted: object({ s3_key: text() }),
}

const path = "POST /api/v1/rest/artifacts/multipart"
const example = { run_id: "b9c1fd2e", artifact_path: "model/weights.bin" }
const ofUpload = { ...example, upload_id: "0123456789abcdef0123456789abcdef" }
const body = (name: string, more: object) => ({ schema: ref(name), example: more, isRequired: true })
const fault = (status: number, says: string): Answer => json(ref("IngestionFault"), says, status)
const wrong = [json(ref("IngestionRefusal"), "A field is wrong", 422), fault(503, "The blob store is away")]
const ended = fault(404, "There is no such unfinished upload")

export const multipartOperations: Operations = tagged("Ingestion", {
  [path]: {
    summary: "Begin an upload in parts",
    says: "For large files. Nothing is seen of it before it is completed, and what is not completed in a week is given up.",
    body: body("MultipartBegin", { ...example, bytes: 20_000_000 }),
    answers: [json(ref("MultipartBegun"), "Begun"), ...wrong],
  },
  [`${path}/parts`]: {
    summary: "Get signed addresses to upload parts to",
    says: "Parts may go up in any order, several at once, and again; the last of a number counts.",
    body: body("MultipartSign", { ...ofUpload, parts: [{ number: 1, sha256: "0".repeat(64) }] }),
    answers: [json(ref("MultipartSigned"), "Where and how to upload"), ended, ...wrong],
  },
  [`${path}/complete`]: {
    summary: "Make the object of its parts",
    says: "Names all parts in order. Asked again after it was done, it answers the same.",
    body: body("MultipartComplete", { ...ofUpload, parts: [{ number: 1, etag: '"9f86d081"' }] }),
    answers: [json(ref("MultipartCompleted"), "The object is there"), ended, ...wrong],
  },
  [`${path}/abort`]: {
    summary: "Give an upload in parts up",
    says: "Its parts are removed. One that is not there, or has ended, is no error.",
    body: body("MultipartAbort", ofUpload),
    answers: [json(ref("MultipartAborted"), "There is no such unfinished upload any more"), ...wrong],
  },
})
