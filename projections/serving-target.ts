/** The generation that projectors fold into: the serving one, made where there is none. */
import type { Clock } from "effect"
import { StoreUnavailable, type Transaction } from "../domain/ports/key-value-store.ts"
import { steadyMillisOf } from "../domain/ports/steady-time.ts"
import { rebuildBeat } from "./rebuild-lock.ts"
import { controlPath, createGeneration, foldedBy, foldVersion, type Generation, generationCache, pointTo } from "./subspaces.ts"

/** How long a rebuild may ask for quiet without a sign of life, and how long in all, in milliseconds. */
const mostPatience = 3_000
const mostHeld = 60_000

/**
 * The serving generation in a transaction. A rebuild that is about to take its place holds it (see generations.ts); a hold
 * whose holder has died is ended, by the time that has passed here, so that no two clocks need agree. Ending one breaks
 * nothing: the swap checks for itself that it has all that is folded here.
 *
 * Fails where other code folded it. While an upgrade is rolled out old projectors live on, and must not go on in what the new
 * code has made; nor the other way round.
 */
export const servingTarget = (clock: Clock.Clock, longestHold = mostPatience): ((tx: Transaction) => Promise<Generation>) => {
  const generationOf = generationCache()
  let ours: number | undefined
  let held: { readonly holder: string; readonly begun: number; beat: number | undefined; heard: number } | undefined
  return async (tx) => {
    const generation = (await generationOf(tx)) ?? (await createGeneration(tx))
    if (ours !== generation.id && (await foldedBy(tx, generation)) !== foldVersion) throw otherCode
    ours = generation.id
    const { holder } = generation
    if (holder === null) return generation
    const [now, beat] = [steadyMillisOf(clock), await rebuildBeat(tx)]
    if (held?.holder !== holder) held = { holder, begun: now, beat, heard: now }
    if (held.beat !== beat) Object.assign(held, { beat, heard: now })
    if (now - held.heard < longestHold && now - held.begun < mostHeld) return generation
    pointTo(tx, await tx.createDirectory(controlPath), generation.id)
    return { ...generation, holder: null }
  }
}

const otherCode = new StoreUnavailable({
  message: "another version of this software folded the projections; matyan rebuild folds them anew by this one",
})
