import type { DumpedRow } from "./dump.ts"

/** Two rows of which one should have been the other; undefined where only one of the stores has it. */
export interface Difference {
  readonly live: DumpedRow | undefined
  readonly refolded: DumpedRow | undefined
}

/** Of two rows that stand at the same place in their dumps: the one that only one dump has, or both where the values differ. */
export const differenceOf = (live: DumpedRow | undefined, refolded: DumpedRow | undefined): Difference | undefined => {
  if (live === undefined && refolded === undefined) return undefined
  if (live === undefined || refolded === undefined || live.space !== refolded.space) return { live, refolded }
  const order = Buffer.compare(live.key, refolded.key)
  if (order === 0 && Buffer.compare(live.value, refolded.value) === 0) return undefined
  return { live: order <= 0 ? live : undefined, refolded: order >= 0 ? refolded : undefined }
}
