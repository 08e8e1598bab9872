import { isAttribute } from "./recognise.ts"
import type { Node } from "./syntax.ts"

/** What a query may look at beside a run's own fields; true where it cannot be told. */
export interface Needs {
  readonly attributes: boolean
  /** Whether the attributes may be asked for what the client noted of its machine. */
  readonly system: boolean
  readonly experiment: boolean
  readonly tags: boolean
  readonly metrics: boolean
  readonly sequence: boolean
}

const own = new Set([
  "hash",
  "name",
  "description",
  "created_at",
  "creation_time",
  "end_time",
  "duration",
  "active",
  "archived",
  "is_archived",
])

/** No name with two underscores can be asked with a dot. */
const systemParams = "__system_params"

/** Those that are stored apart from a run's own fields. */
const apart = new Set(["tags", "metrics", "experiment"])

export const needsOf = (nodes: readonly Node[], sequenceName: string | null): Needs => {
  const asked = new Set<string>()
  let direct = 0
  let mentions = 0
  let sequences = 0
  let system = false
  for (const node of nodes) {
    if (node.kind === "name" && node.name === "run") mentions++
    if (node.kind === "name" && (node.name === sequenceName || node.name === "metric")) sequences++
    if (node.kind === "walrus" && node.name === "run") mentions++
    if (node.kind === "attribute" && node.object.kind === "name" && node.object.name === "run") {
      direct++
      asked.add(own.has(node.name) ? "own" : apart.has(node.name) ? node.name : "attributes")
    } else if (node.kind === "attribute" && node.name === "run") mentions++
    else if (node.kind === "subscript" && node.object.kind === "name" && node.object.name === "run") {
      direct++
      asked.add("attributes")
      system ||= node.index.kind !== "constant" || node.index.value === systemParams
    }
  }
  // A run that is handed on, as in `(r := run).tags`, may be asked anything there; so may a sequence, for it has a run.
  const anything = mentions > direct || passesSequence(nodes, sequenceName)
  return {
    attributes: anything || asked.has("attributes"),
    system: anything || system,
    experiment: anything || asked.has("experiment"),
    tags: anything || asked.has("tags"),
    metrics:
      anything || asked.has("metrics") || (sequenceName === null && nodes.some((node) => isAttribute(node, "metric", "name"))),
    sequence: sequences > 0,
  }
}

const passesSequence = (nodes: readonly Node[], sequenceName: string | null): boolean => {
  if (sequenceName === null) return false
  const named = nodes.filter((node) => node.kind === "name" && node.name === sequenceName).length
  const asked = nodes.filter(
    (node) => node.kind === "attribute" && node.object.kind === "name" && node.object.name === sequenceName,
  )
  return named > asked.length
}
