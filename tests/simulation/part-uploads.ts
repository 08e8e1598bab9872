/** Uploads in parts, in memory. Ids are counted, so that a run of the simulation can be had again. */
import { createHash } from "node:crypto"
import { bytesOfPart, partsProblem } from "../../domain/part-plan.ts"
import {
  type PartPlan,
  type PartUpload,
  type UnfinishedUpload,
  type UploadedPart,
  UploadRefused,
} from "../../domain/ports/blob-store.ts"

interface Begun {
  readonly key: string
  readonly plan: PartPlan
  readonly begun: number
  readonly parts: Map<number, Uint8Array>
}

export class SimulatedParts {
  readonly #uploads = new Map<string, Begun>()
  #count = 0

  begin(key: string, plan: PartPlan, begun: number): string {
    const id = `upload-${++this.#count}`
    this.#uploads.set(id, { key, plan, begun, parts: new Map() })
    return id
  }

  planOf(upload: PartUpload): PartPlan {
    return this.#find(upload).plan
  }

  put(upload: PartUpload, number: number, content: Uint8Array): void {
    const { plan, parts } = this.#find(upload)
    if (content.length !== bytesOfPart(plan, number)) throw refused("parts")
    parts.set(number, content)
  }

  complete(upload: PartUpload, named: readonly UploadedPart[], maxBytes: number) {
    const { plan, parts } = this.#find(upload)
    const kept = [...parts].map(([number, content]) => [number, { etag: sha256(content), bytes: content.length }] as const)
    if (plan.bytes > maxBytes || partsProblem(plan, named, new Map(kept)) !== null) throw refused("parts")
    this.#uploads.delete(upload.id)
    return { content: Buffer.concat(named.map(({ number }) => parts.get(number)!)), contentType: plan.contentType }
  }

  abort({ key, id }: PartUpload): void {
    if (this.#uploads.get(id)?.key === key) this.#uploads.delete(id)
  }

  unfinished(prefix: string): readonly UnfinishedUpload[] {
    const found = [...this.#uploads].filter(([, { key }]) => key.startsWith(prefix))
    return found.map(([id, { key, begun }]) => ({ id, key, begun }))
  }

  #find({ key, id }: PartUpload): Begun {
    const begun = this.#uploads.get(id)
    if (begun?.key !== key) throw refused("upload")
    return begun
  }
}

export const refused = (reason: UploadRefused["reason"]): UploadRefused =>
  new UploadRefused({ message: `the upload was refused: ${reason}`, reason })

export const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")
