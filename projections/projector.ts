import type { EventType, Recorded } from "../events/index.ts"
import type { FoldContext } from "./context.ts"

/** Folds one event. It reads and writes only through the context, and throws {@link Unfoldable} before its first write. */
export type Fold<T extends EventType> = (event: Recorded<T>, context: FoldContext) => Promise<void> | void

/** The events that one read model is made of: the keys of this record, and no second list. */
export type Projector = { readonly [T in EventType]?: Fold<T> }

/** The event cannot be folded, and never could: it becomes a dead letter with this reason. */
export class Unfoldable extends Error {
  override readonly name = "Unfoldable"
}

type Covered<P extends readonly Projector[]> = { [I in keyof P]: keyof P[I] }[number]
type Uncovered<P extends readonly Projector[]> = Exclude<EventType, Covered<P>>

/** The projectors as one; an event that none of them folds is a compile error that names it. */
export const covering = <const P extends readonly Projector[]>(
  projectors: [Uncovered<P>] extends [never] ? P : { readonly noProjectorFor: Uncovered<P> },
): { readonly [T in EventType]: Fold<T> } => {
  const folds: Record<string, Fold<never>> = {}
  for (const projector of projectors as P)
    for (const [type, fold] of Object.entries(projector)) {
      if (folds[type] !== undefined) throw new Error(`two projectors fold ${type}`)
      folds[type] = fold as Fold<never>
    }
  // `Uncovered` is never here, so every type has its fold.
  return folds as unknown as { readonly [T in EventType]: Fold<T> }
}
