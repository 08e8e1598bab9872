/** What a decider answers: facts to append, or why not. */
import type { AnyFact } from "../events/index.ts"
import { bytesOf, defaultIngestLimits, nameProblem } from "./limits.ts"
import type { NameKind } from "./names.ts"

export type Refusal =
  | { readonly _tag: "RunNotFound"; readonly id: string }
  | { readonly _tag: "RunPurged"; readonly id: string }
  | { readonly _tag: "ExperimentNotFound"; readonly id: string }
  | { readonly _tag: "TagNotFound"; readonly id: string }
  | { readonly _tag: "NoteNotFound"; readonly id: string }
  | { readonly _tag: "DashboardNotFound"; readonly id: string }
  | { readonly _tag: "AppNotFound"; readonly id: string }
  | { readonly _tag: "ReportNotFound"; readonly id: string }
  | { readonly _tag: "DeadLetterNotFound"; readonly id: string }
  | { readonly _tag: "NameTaken"; readonly kind: NameKind; readonly name: string }
  | { readonly _tag: "InvalidInput"; readonly problem: string }

export type Decision = { readonly facts: readonly AnyFact[] } | { readonly refused: Refusal }

export const refuse = (refused: Refusal): Decision => ({ refused })

/** Refuses where any of these says what is wrong, else states the facts. */
export const unlessInvalid = (problems: readonly (string | null)[], facts: () => readonly AnyFact[]): Decision => {
  const found = problems.filter((problem) => problem !== null)
  return found.length === 0 ? { facts: facts() } : refuse({ _tag: "InvalidInput", problem: found.join("; ") })
}

/** What is wrong with a new name, or null; so is null itself, which names nothing. */
export const newNameProblem = (what: string, name: string | null): string | null =>
  name === null ? null : nameProblem(what, name, defaultIngestLimits.nameBytes)

/** What is wrong with a longer text, or null. */
export const textProblem = (what: string, text: string | null, most = defaultIngestLimits.descriptionBytes): string | null => {
  if (text === null) return null
  if (!text.isWellFormed()) return `${what} is not valid Unicode (a lone surrogate)`
  return bytesOf(text) > most ? `${what} has ${bytesOf(text)} bytes, at most ${most} are kept` : null
}
