/** Names that one gateway has given away, with the events that say so, until the projections show them. */
import type { NameKind } from "../domain/names.ts"
import type { AnyFact, Position } from "../events/index.ts"
import { checkpointOf } from "../projections/fold.ts"
import type { Rows } from "../projections/rows.ts"

export class GivenNames {
  readonly #positions = new Map<string, Position>()

  /** Whether the name is given away though these rows do not show it. */
  readonly has = async (rows: Rows, kind: NameKind, name: string): Promise<boolean> => {
    const position = this.#positions.get(`${kind}\0${name}`)
    return position !== undefined && (await checkpointOf(rows, position)) <= position.offset
  }

  add(facts: readonly AnyFact[], positions: readonly Position[]): void {
    for (const [i, { type, data }] of facts.entries()) {
      const position = positions[i]
      if (position === undefined) continue
      // Only the latest matter; of those that so many others followed, the projections have long told.
      if (this.#positions.size >= mostGiven) this.#positions.clear()
      if (type === "ExperimentCreated" || type === "ExperimentRenamed") this.#positions.set(`experiment\0${data.name}`, position)
      if (type === "TagCreated" || type === "TagRenamed") this.#positions.set(`tag\0${data.name}`, position)
    }
  }
}

const mostGiven = 10_000
