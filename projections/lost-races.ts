/**
 * Commands that others overtook on the way into the log. Their events fold to nothing, and whoever sent the command reads
 * here that it was so: the order of the partition has the last word, whatever a gateway saw when it decided.
 */
import type { Meta } from "../events/define.ts"
import type { Rows, WritableRows } from "./rows.ts"

/** Who stated an event, and when. */
export type Stated = Pick<Meta, "at" | "writer" | "seq">

/**
 * `taken`: another bears the name. `gone`: what the command names was deleted. `stale`: a creation's id, which was bound to
 * its name, has given that name up meanwhile; bound again it is another.
 */
export type Loss = "taken" | "gone" | "stale"

/** Marks a command as lost: what it states further folds to nothing, too. */
export const markLost = async (rows: WritableRows, { writer, seq }: Stated, loss: Loss): Promise<void> => {
  if (await rows.has("marks", ["lost", writer, seq])) return
  rows.set("marks", ["lost", writer, seq], loss)
  if (seq < kept) return
  // Nobody waits any longer for the answer to commands so long ago.
  for (const { rest } of await rows.between("marks", ["lost", writer], [], [seq - kept]))
    rows.clear("marks", ["lost", writer, ...rest])
}

/** How a command was lost; undefined where it was not, or is not folded yet. */
export const lossOf = async (rows: Rows, { writer, seq }: Pick<Stated, "writer" | "seq">): Promise<Loss | undefined> => {
  const loss = await rows.get("marks", ["lost", writer, seq])
  return losses.find((known) => known === loss)
}

const losses: readonly Loss[] = ["taken", "gone", "stale"]

/** Most commands of one writer between a lost one and the last that is still remembered. */
const kept = 10_000
