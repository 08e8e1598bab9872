/** What changes answer. */
import type { Accepted } from "./api-types.ts"
import type { Reply } from "./connection.ts"

/** A change that was made. */
export interface Changed {
  /** Where in the log it stands: give it to a read, of any gateway, as `position` to read no less. */
  readonly position: string | null
  /** Whether reads show it already; where not, the projections are behind, and it need not be sent again. */
  readonly isVisible: boolean
}

/** A thing that was made. */
export interface Created extends Changed {
  /** Under which it is to be found; where it is not visible yet, unless another took its name first. */
  readonly id: string
}

/** What an answer to a change says. */
export const changed = ({ status, position }: Reply<unknown>): Changed => ({ position, isVisible: status !== 202 })

/** What an answer to a creation says. */
export const created = (reply: Reply<{ readonly id: string } | Accepted>): Created => ({
  ...changed(reply),
  id: reply.body.id ?? reply.headers.get("x-matyan-id") ?? "",
})
