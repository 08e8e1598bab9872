import { existsSync } from "node:fs"
import { join } from "node:path"
import { Data, Effect } from "effect"
import { settings } from "../config.ts"

/** Nothing was ever logged into this folder, or it is another one than was meant. */
export class NoData extends Data.TaggedError("NoData")<{ readonly message: string }> {}

/**
 * The settings of a command that only reads: a folder that holds the log or the store must be there, lest a mistyped name be
 * made and found empty.
 */
export const settingsOfData = Effect.flatMap(settings, (chosen) =>
  (chosen.log !== "lmdb" && chosen.store !== "lmdb") || existsSync(join(chosen.dataDir, chosen.log === "lmdb" ? "log" : "store"))
    ? Effect.succeed(chosen)
    : Effect.fail(new NoData({ message: `${chosen.dataDir} is no data folder; MATYAN_DATA_DIR names the one to read` })),
)
