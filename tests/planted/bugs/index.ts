import type { PlantedBug } from "../planted.ts"
import { folding } from "./folding.ts"
import { gateways } from "./gateways.ts"
import { generations } from "./generations.ts"
import { indexes } from "./indexes.ts"
import { sequences } from "./sequences.ts"
import { stores } from "./stores.ts"
import { trash } from "./trash.ts"

/** All of them, by what they break. */
export const bugs: readonly PlantedBug[] = [
  ...folding,
  ...gateways,
  ...generations,
  ...indexes,
  ...sequences,
  ...stores,
  ...trash,
]
