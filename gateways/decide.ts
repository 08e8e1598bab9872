/** The state that each command is decided on, read from the projections. */
import type { Command } from "../domain/commands.ts"
import type { NameKind } from "../domain/names.ts"
import type { Decision, Refusal } from "../domain/refusals.ts"
import type { AnyFact } from "../events/index.ts"
import type { Rows } from "../projections/rows.ts"

export interface SpokenNames {
  /** The id that a name stands for now. */
  readonly bind: (kind: NameKind, name: string) => string
  /** Whether a name is given away already, though no projection shows it. */
  readonly isTaken: (kind: NameKind, name: string) => boolean
}

export const decide = async (_rows: Rows, _command: Command, _names: SpokenNames): Promise<Decision> => ({ facts: [] })
export const lostRace = async (_rows: Rows, _facts: readonly AnyFact[]): Promise<Refusal | null> => null
