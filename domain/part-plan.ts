/**
 * How a large object is cut into parts: all of one size but the last. The bounds are those of S3's protocol
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html), and hold for every store.
 */
import { type PartPlan, type PartTerms, type UploadedPart, UploadRefused } from "./ports/blob-store.ts"

export const leastPartBytes = 5 * 2 ** 20
export const mostPartBytes = 5 * 2 ** 30
export const mostParts = 10_000

type Sizes = Pick<PartPlan, "bytes" | "partBytes">

export const partCount = ({ bytes, partBytes }: Sizes): number => Math.ceil(bytes / partBytes)

/** How many bytes a part has; 0 for a number that none has. */
export const bytesOfPart = (plan: Sizes, number: number): number => {
  if (number < 1 || number > partCount(plan)) return 0
  return Math.min(plan.partBytes, plan.bytes - (number - 1) * plan.partBytes)
}

/** The size of parts where none was asked for: 16 MiB, or whole MiB so that 10,000 are enough. */
export const chosenPartBytes = (bytes: number): number => Math.max(16 * 2 ** 20, Math.ceil(bytes / mostParts / 2 ** 20) * 2 ** 20)

/** How many bytes a part has of which an address is asked for; throws {@link UploadRefused} where it is none of the plan's. */
export const signableBytes = (plan: Sizes & Pick<PartPlan, "hasChecksums">, { number, sha256 }: PartTerms): number => {
  const bytes = bytesOfPart(plan, number)
  if (bytes === 0) throw refused(`the upload has ${partCount(plan)} parts, and no part ${number}`)
  if (plan.hasChecksums && sha256 === undefined) throw refused("the upload was begun with a SHA-256 of each part")
  if (!plan.hasChecksums && sha256 !== undefined) throw refused("the upload was begun without checksums")
  return bytes
}

const refused = (message: string): UploadRefused => new UploadRefused({ message, reason: "parts" })

/** What is wrong with the parts that an upload is to be completed with, by those that are there; null where nothing is. */
export const partsProblem = (
  plan: Sizes,
  named: readonly UploadedPart[],
  kept: ReadonlyMap<number, { readonly etag: string; readonly bytes: number }>,
): string | null => {
  const count = partCount(plan)
  if (named.length !== count) return `the upload has ${count} parts, ${named.length} were named`
  for (const [index, { number, etag }] of named.entries()) {
    if (number !== index + 1) return `parts are named in order, each once: part ${index + 1} is not at its place`
    const part = kept.get(number)
    if (part === undefined || part.etag !== unquoted(etag)) return `part ${number} was not uploaded with that etag`
    const bytes = bytesOfPart(plan, number)
    if (part.bytes !== bytes) return `part ${number} has ${part.bytes} bytes, not ${bytes}`
  }
  return null
}

/** An ETag without the quotes that it has in a header. */
export const unquoted = (etag: string): string => etag.replace(/^"(.*)"$/, "$1")
