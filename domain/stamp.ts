/** Facts become events: who states them, when, and as the how manyeth. */
import type { AnyEvent, AnyFact } from "../events/index.ts"

export interface Stamper {
  /** One command's facts; `at` is the sender's clock in Unix seconds. */
  (facts: readonly AnyFact[], stated: { readonly at: number; readonly cause: string | null }): readonly AnyEvent[]
}

/** Numbers the commands of one writer, from its start on; `newId` draws a UUID. */
export const stamper = ({ writer, actor, newId }: { writer: string; actor: string; newId: () => string }): Stamper => {
  let seq = -1
  return (facts, { at, cause }) => {
    seq += 1
    return facts.map((fact, part) => {
      const meta = { id: newId(), at, serverTime: at, project: "00000000", actor, cause, writer, seq, part }
      // Each fact of the union becomes the event of its own type.
      return { ...fact, meta } as AnyEvent
    })
  }
}
