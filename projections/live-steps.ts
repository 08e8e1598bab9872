/** The last steps of sequences, for those who are told that they grew. */
import { numberOf } from "../domain/value.ts"
import type { Rows } from "./rows.ts"

/** The highest step of a sequence; null where there is none (its run was deleted for good, or its events could not be folded). */
export const lastStepOf = async (rows: Rows, run: string, contextId: number, name: string): Promise<number | null> =>
  numberOf(await rows.get("runs", [run, "traces", contextId, name, "last_step"])) ?? null
