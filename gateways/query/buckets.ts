/** The buckets that sequences are told in: metrics, and each type of object. */
import type { FastifyRequest } from "fastify"
import type { TraceView } from "../../projections/run-view.ts"
import { invalid } from "./errors.ts"
import { textParameters } from "./parameters.ts"

export const buckets = ["metric", "images", "texts", "distributions", "audios", "figures"] as const
export type Bucket = (typeof buckets)[number]

const bucketOfType: Readonly<Record<string, Bucket>> = {
  image: "images",
  text: "texts",
  distribution: "distributions",
  audio: "audios",
  figure: "figures",
}

/** Null for what is in none: the terminal, log records, custom objects. */
export const bucketOf = ({ kind, dtype }: TraceView): Bucket | null => {
  if (kind === "metric") return "metric"
  return kind === "object" ? (bucketOfType[dtype] ?? null) : null
}

/** The buckets that `sequence`, which may be repeated, asks for: all by default; 422 where there is none of that name. */
export const bucketsIn = (request: FastifyRequest): readonly Bucket[] => {
  const asked = textParameters(request, "sequence")
  const unknown = asked.find((name) => !isBucket(name))
  if (unknown !== undefined) throw invalid("sequence", `Input should be one of ${buckets.map((name) => `'${name}'`).join(", ")}`)
  return asked.length === 0 ? buckets : asked.filter(isBucket)
}

const isBucket = (name: string): name is Bucket => buckets.some((bucket) => bucket === name)
