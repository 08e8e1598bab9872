import { statSync } from "node:fs"
import { join } from "node:path"
import { type Figure, repeated, type Sample } from "../support/figure.ts"
import type { Place } from "../support/engines.ts"
import { append, fold, type History, storedBytes } from "../support/log.ts"

export const sizes: Figure = {
  name: "sizes",
  says:
    "Bytes in the log and the projection: per point of regular series (100 points per event) and per run of five parameters and ten " +
    "points. `file` is the database file with its free pages, `rows` the keys and values in it.",
  measure: ({ place }) =>
    // Sizes do not vary.
    repeated(1, async () => [
      ...(await sized(await place("points"), "point", 1_000_000, {
        series: { runs: 10, series: 10, points: 10_000, perEvent: 100 },
      })),
      ...(await sized(await place("runs"), "small run", 2_000, { runs: 2_000 })),
    ]),
}

const sized = async (place: Place, what: string, count: number, history: History): Promise<readonly Sample[]> => {
  await append(place, history)
  await fold(place)
  const { bytes } = await storedBytes(place)
  const file = (name: string): number => statSync(join(place.folder, name)).size
  return [
    { name: `log per ${what}, file`, unit: "bytes", value: file("log/log.mdb") / count },
    { name: `projection per ${what}, file`, unit: "bytes", value: file("store/store.mdb") / count },
    { name: `projection per ${what}, rows`, unit: "bytes", value: bytes / count },
  ]
}
