/** Commands about the project as a whole. */
import { catalog } from "../events/index.ts"
import type { PinnedSequence, ProjectCommand } from "./commands.ts"
import { defaultIngestLimits } from "./limits.ts"
import { encodeValue } from "./msgpack.ts"
import { type Decision, newNameProblem, unlessInvalid } from "./refusals.ts"

/** Most sequences that can be pinned. */
const mostPinned = 1_000

export const decideProject = ({ sequences }: ProjectCommand): Decision => {
  const tooMany = sequences.length > mostPinned ? `sequences has ${sequences.length} items, at most ${mostPinned} are kept` : null
  const pinned = tooMany === null ? sequences.map(({ name, context }) => ({ name, context: encodeValue(context) })) : []
  return unlessInvalid([tooMany, ...pinned.map(problemOf)], () => [catalog.SequencesPinned({ sequences: pinned })])
}

const problemOf = ({ name, context }: Pick<PinnedSequence, "name"> & { readonly context: Uint8Array }): string | null => {
  const most = defaultIngestLimits.contextBytes
  if (context.length > most) return `the context of a sequence has ${context.length} bytes, at most ${most} are kept`
  return newNameProblem("the name of a sequence", name)
}
