import { attributes } from "./attributes.ts"
import { discards } from "./discards.ts"
import { experiments } from "./experiments.ts"
import { logs } from "./logs.ts"
import { objects } from "./objects.ts"
import { pages } from "./pages.ts"
import { covering } from "./projector.ts"
import { rewinds } from "./rewinds.ts"
import { runs } from "./runs.ts"
import { sequences } from "./sequences.ts"
import { tags } from "./tags.ts"
import { trash } from "./trash.ts"

/** How every event of the catalog is folded. */
export const folds = covering([runs, attributes, experiments, tags, sequences, objects, logs, rewinds, pages, trash, discards])
