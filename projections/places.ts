/** The generations that can be folded into, named so that another thread can be told. */
import type { Clock } from "effect"
import type { Transaction } from "../domain/ports/key-value-store.ts"
import { asOfTarget } from "./as-of-generations.ts"
import { besideTarget } from "./beside.ts"
import { servingTarget } from "./serving-target.ts"
import type { Generation } from "./subspaces.ts"

export type Place =
  | { readonly kind: "serving" }
  /** The one that is being rebuilt, for its owner alone. */
  | { readonly kind: "beside"; readonly owner: string }
  | { readonly kind: "as-of"; readonly id: number }

/** The generation in a transaction. */
export const targetAt = (place: Place, clock: Clock.Clock): ((tx: Transaction) => Promise<Generation>) => {
  if (place.kind === "serving") return servingTarget(clock)
  return place.kind === "beside" ? besideTarget(place.owner) : asOfTarget(place.id)
}
