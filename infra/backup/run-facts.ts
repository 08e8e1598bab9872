/** A run of an archive of format 1 as the facts that make it, in an order that leaves its fields as they were. */
import type { Stated } from "../../domain/ingest/frame-facts.ts"
import { blobPathProblem, bytesOf, defaultIngestLimits } from "../../domain/limits.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { isMap, type Value } from "../../domain/value.ts"
import { type AnyFact, catalog } from "../../events/index.ts"
import { artifactReferences } from "../../projections/backup-run.ts"
import type { RunFile } from "./run-files.ts"

/** What names the run speaks stand for. */
export interface BoundNames {
  readonly experiment: { readonly id: string; readonly name: string } | null
  readonly tags: readonly { readonly id: string; readonly name: string }[]
}

/** What comes before the samples: the run is there from its own time on. */
export const openingFacts = (run: RunFile): readonly Stated[] => [
  { fact: catalog.RunCreated({ runId: run.id, clientStart: startOf(run) }), at: run.createdAt },
]

/** A run that says how long it took, but not when it began, began so long before its end. */
const startOf = ({ clientStart, duration, finalizedAt }: RunFile): number | null =>
  clientStart ?? (duration !== null && finalizedAt !== null ? finalizedAt - duration : null)

/** What comes after the samples. The fields come last, so that the run's last change is when it was. */
export const closingFacts = (run: RunFile, { experiment, tags }: BoundNames): readonly Stated[] => {
  const { id: runId } = run
  const last = Math.max(run.updatedAt ?? 0, run.finalizedAt ?? 0, run.createdAt)
  const facts: AnyFact[] = [...attributeFacts(run), ...artifactFacts(run)]
  if (experiment !== null) facts.push(catalog.RunExperimentSet({ runId, experimentId: experiment.id, name: experiment.name }))
  for (const tag of tags) facts.push(catalog.RunTagged({ runId, tagId: tag.id, name: tag.name }))
  if (run.description !== null) facts.push(catalog.RunDescribed({ runId, description: run.description }))
  if (run.archived) facts.push(catalog.RunArchived({ runId }))
  if (run.name !== null) facts.push(catalog.RunRenamed({ runId, name: run.name }))
  return [...finishFacts(run, last), ...facts.map((fact) => ({ fact, at: last }))]
}

const finishFacts = (run: RunFile, last: number): readonly Stated[] => {
  if (run.active) return []
  const start = startOf(run)
  const finishedAt = run.duration === null || start === null ? null : start + run.duration
  return [{ fact: catalog.RunFinished({ runId: run.id, finishedAt }), at: run.finalizedAt ?? last }]
}

/** Encoded bytes of the values of one event, unless one alone has more. */
const mostBytes = 256 * 1024

const attributeFacts = ({ id: runId, attributes }: RunFile): readonly AnyFact[] => {
  const facts: AnyFact[] = []
  let paths: (readonly string[])[] = []
  let values: Uint8Array[] = []
  let bytes = 0
  const end = (): void => {
    if (paths.length > 0) facts.push(catalog.AttributesSet({ runId, paths, values }))
    paths = []
    values = []
    bytes = 0
  }
  for (const [key, value] of attributes) {
    if (key === "__blobs__") continue
    for (const part of partsOf([key], value)) {
      if (bytes + part.bytes.length > mostBytes) end()
      paths.push(part.path)
      values.push(part.bytes)
      bytes += part.bytes.length
    }
  }
  end()
  return facts
}

interface Part {
  readonly path: readonly string[]
  readonly bytes: Uint8Array
}

/** A value that is large is set by the parts of its map. */
const partsOf = (path: readonly string[], value: Value): readonly Part[] => {
  const bytes = encodeValue(value)
  if (bytes.length <= mostBytes || !isMap(value) || value.size === 0) return [{ path, bytes }]
  return [...value].flatMap(([key, below]) => partsOf([...path, key], below))
}

const artifactFacts = ({ id: runId, attributes }: RunFile): readonly AnyFact[] =>
  [...artifactReferences(attributes)].flatMap(([path, reference]) => {
    const key = isMap(reference) ? (reference.get("s3_key") ?? reference.get("blob_key")) : undefined
    if (!isMap(reference) || typeof key !== "string") return []
    const type = reference.get("content_type")
    return [catalog.ArtifactLogged({ runId, path, key, contentType: typeof type === "string" ? type : unknownType })]
  })

const unknownType = "application/octet-stream"

/** The type of an object, by what the run says of it. */
export const contentTypeOf = ({ attributes }: RunFile, key: string): string => {
  for (const reference of artifactReferences(attributes).values()) {
    const type = isMap(reference) ? reference.get("content_type") : undefined
    if (isMap(reference) && reference.get("s3_key") === key && typeof type === "string") return type
  }
  return unknownType
}

/** What keeps a run from being restored, or null: what no gateway would have taken. */
export const runProblem = (run: RunFile): string | null => {
  const { nameBytes, pathBytes, descriptionBytes } = defaultIngestLimits
  const experiment = run.experimentName ?? ""
  for (const name of [experiment, ...run.tags])
    if (bytesOf(name) > nameBytes) return `the name "${name.slice(0, 40)}…" is too long`
  if (bytesOf(run.description ?? "") > descriptionBytes) return "its description is too long"
  for (const path of artifactReferences(run.attributes).keys()) {
    const problem = blobPathProblem(path, { ...defaultIngestLimits, pathBytes: pathBytes + nameBytes })
    if (problem !== null) return `the artifact "${path.slice(0, 40)}": ${problem}`
  }
  return null
}
