/** The bodies of the routes for uploads in parts. */
import { chosenPartBytes, leastPartBytes, mostPartBytes, mostParts } from "../../domain/part-plan.ts"
import type { UploadedPart } from "../../domain/ports/blob-store.ts"
import { bytesOf, blobPathProblem, type IngestLimits, runIdProblem } from "../../domain/limits.ts"
import type { IngestGatewayOptions } from "./options.ts"
import {
  contentTypeProblem,
  type Detail,
  type Field,
  fieldsOf,
  isText,
  isWhole,
  type Problem,
  sha256Problem,
  textField,
  wholeField,
} from "./request-fields.ts"

/** Most parts whose addresses one request asks for. */
const mostSigned = 100

/** Problems that are told of one list. */
const mostTold = 10

export interface Target {
  readonly run_id: string
  readonly artifact_path: string
}

export interface BeginRequest extends Target {
  readonly content_type: string
  readonly bytes: number
  readonly part_bytes: number
  readonly part_sha256: boolean
}

export interface UploadRequest extends Target {
  readonly upload_id: string
}

export interface SignRequest extends UploadRequest {
  readonly parts: readonly { readonly number: number; readonly sha256?: string | null }[]
}

export interface CompleteRequest extends UploadRequest {
  readonly parts: readonly UploadedPart[]
}

export const targetFields = (limits: IngestLimits) => ({
  run_id: textField((id) => runIdProblem(id, limits)),
  artifact_path: textField((path) => blobPathProblem(path, limits)),
})

export const contentTypeField = textField(contentTypeProblem, "application/octet-stream")

export const beginRequest = (body: unknown, options: IngestGatewayOptions): BeginRequest | readonly Detail[] => {
  const asked = fieldsOf<Omit<BeginRequest, "part_bytes"> & { readonly part_bytes: number | null }>(body, {
    ...targetFields(options.limits),
    content_type: contentTypeField,
    bytes: wholeField(1, options.multipartBytes),
    part_bytes: partBytesField,
    part_sha256: { is: isFlag, type: "bool_type", msg: "Expected a boolean", fallback: true, problem: () => null },
  })
  if (!("bytes" in asked)) return asked
  const part_bytes = asked.part_bytes ?? chosenPartBytes(asked.bytes)
  if (Math.ceil(asked.bytes / part_bytes) <= mostParts) return { ...asked, part_bytes }
  const msg = `${asked.bytes} bytes make more than ${mostParts} parts of ${part_bytes}`
  return [{ type: "value_error", loc: ["body", "part_bytes"], msg, input: part_bytes }]
}

export const signRequest = (body: unknown, { limits }: IngestGatewayOptions): SignRequest | readonly Detail[] =>
  fieldsOf<SignRequest>(body, {
    ...targetFields(limits),
    upload_id: uploadIdField,
    parts: partsField(mostSigned, ({ sha256 }) => {
      if (sha256 === undefined || sha256 === null) return null
      return isText(sha256) ? named("sha256", sha256Problem(sha256)) : { at: ["sha256"], msg: "Expected a string" }
    }),
  })

export const completeRequest = (body: unknown, { limits }: IngestGatewayOptions): CompleteRequest | readonly Detail[] =>
  fieldsOf<CompleteRequest>(body, {
    ...targetFields(limits),
    upload_id: uploadIdField,
    parts: partsField(mostParts, ({ etag }) =>
      isText(etag) && bytesOf(etag) <= 256 ? null : { at: ["etag"], msg: "Expected an ETag" },
    ),
  })

export const uploadRequest = (body: unknown, { limits }: IngestGatewayOptions): UploadRequest | readonly Detail[] =>
  fieldsOf<UploadRequest>(body, { ...targetFields(limits), upload_id: uploadIdField })

/** The servers' own ids may be long. */
const uploadIdField = textField((id) => (id !== "" && bytesOf(id) <= 4_096 ? null : "upload_id is empty or too long"))

const partBytesField: Field<number | null> = {
  is: (value) => value === null || isWhole(value),
  type: "int_type",
  msg: "Expected an integer",
  fallback: null,
  problem: (value) => (value === null ? null : wholeField(leastPartBytes, mostPartBytes).problem(value)),
}

const isFlag = (value: unknown): value is boolean => typeof value === "boolean"

/** A list of parts, each with a number and what the request wants of it beside. */
const partsField = <A extends { readonly number: number }>(
  most: number,
  problem: (part: Readonly<Record<string, unknown>>) => Problem | null,
): Field<readonly A[]> => ({
  // What stands in it is looked at below.
  is: (value): value is readonly A[] => Array.isArray(value),
  type: "list_type",
  msg: "Expected a list",
  problem: (parts) => {
    if (parts.length < 1 || parts.length > most) return `parts must be from 1 to ${most}`
    return parts.flatMap((part: unknown, index) => partProblem(part, index, problem)).slice(0, mostTold)
  },
})

const partProblem = (
  part: unknown,
  index: number,
  more: (part: Readonly<Record<string, unknown>>) => Problem | null,
): readonly Problem[] => {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return [{ at: [index], msg: "Expected an object" }]
  const fields = part as Readonly<Record<string, unknown>>
  const { number } = fields
  const isNumber = isWhole(number) && number >= 1 && number <= mostParts
  const found = isNumber ? more(fields) : { at: ["number"], msg: `must be from 1 to ${mostParts}` }
  return found === null ? [] : [{ ...found, at: [index, ...found.at] }]
}

const named = (name: string, msg: string | null): Problem | null => (msg === null ? null : { at: [name], msg })
