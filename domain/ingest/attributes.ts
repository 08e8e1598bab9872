import type { Value, ValueMap } from "../value.ts"
import { isMap } from "../value.ts"

/**
 * Which subtrees a `log_hparams` message replaces. From each top-level key the way goes down while a map has exactly one
 * key; what stands there is replaced, so that `{"hparams": {"lr": 1}}` leaves the other hparams alone.
 * The reference begins this descent at the root, where two keys wipe the run; that is mended here.
 */
export const replacedSubtrees = (attributes: ValueMap): readonly (readonly [path: readonly string[], value: Value])[] =>
  [...attributes].map(([key, value]) => {
    const path = [key]
    let subtree = value
    while (isMap(subtree) && subtree.size === 1)
      for (const [only, below] of subtree) {
        path.push(only)
        subtree = below
      }
    return [path, subtree]
  })
