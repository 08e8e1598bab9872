/** Commands about apps: the saved states of explorers. */
import { catalog } from "../events/index.ts"
import type { AppCommand } from "./commands.ts"
import { defaultIngestLimits } from "./limits.ts"
import { encodeValue } from "./msgpack.ts"
import { type Decision, refuse, textProblem, unlessInvalid } from "./refusals.ts"

export interface ExistingState {
  readonly exists: boolean
}

export const decideApp = (command: AppCommand, { exists }: ExistingState): Decision => {
  const { id } = command
  if (command._tag !== "CreateApp" && !exists) return refuse({ _tag: "AppNotFound", id })
  if (command._tag === "DeleteApp") return { facts: [catalog.AppDeleted({ id })] }
  const state = command.state === null ? null : encodeValue(command.state)
  return unlessInvalid([textProblem("type", command.type), stateProblem(state)], () =>
    command._tag === "CreateApp"
      ? [catalog.AppCreated({ id, type: command.type, state: encodeValue(command.state) })]
      : [catalog.AppEdited({ id, type: command.type, state })],
  )
}

const stateProblem = (state: Uint8Array | null): string | null =>
  state !== null && state.length > defaultIngestLimits.valueBytes
    ? `state has ${state.length} bytes, at most ${defaultIngestLimits.valueBytes} are kept`
    : null
