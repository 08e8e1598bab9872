/** What a doctor finds, and how it is told. */
import { Cause, Effect } from "effect"

export interface Finding {
  readonly what: string
  /** `doubt`: it works, but an operator should know; `skipped`: something else must be mended first. */
  readonly state: "ok" | "doubt" | "broken" | "skipped"
  readonly says: string
  /** What to do about it. */
  readonly advice?: string
}

/** A look at one thing: what is so, in words, or a failure; it is waited for ten seconds. */
export const looked = <E>(
  what: string,
  look: Effect.Effect<string | Omit<Finding, "what">, E>,
  advice: string,
): Effect.Effect<Finding> =>
  look.pipe(
    Effect.timeout("10 seconds"),
    Effect.map((said): Finding => (typeof said === "string" ? { what, state: "ok", says: said } : { what, ...said })),
    Effect.catchCause((cause) => Effect.succeed<Finding>({ what, state: "broken", says: reasonOf(cause), advice })),
  )

export const skipped = (what: string, because: string): Finding => ({ what, state: "skipped", says: `not looked at: ${because}` })

/** A line for each finding, and one of advice below those that need it. */
export const findingsText = (findings: readonly Finding[]): string =>
  findings
    .map(({ what, state, says, advice }) => {
      const line = `${marks[state]} ${what.padEnd(12)} ${says}\n`
      return advice === undefined || state === "ok" ? line : `${line}${" ".repeat(20)}${advice}\n`
    })
    .join("")

const marks = { ok: "ok     ", doubt: "look at", broken: "BROKEN ", skipped: "-      " } as const

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (!(error instanceof Error)) return String(error)
  const inner = error.cause instanceof Error && !error.message.includes(error.cause.message) ? ` (${error.cause.message})` : ""
  return `${error.message}${inner}`
}
