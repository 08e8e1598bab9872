import { Effect, Schedule } from "effect"
import type { RegistryAlarm } from "./alarm.ts"
import type { RegistryClient, RegistryFault } from "./client.ts"
import type { ConfluentTimeouts } from "./options.ts"

/** What every part of the adapter needs to speak to its registry. */
export interface Asking {
  readonly client: RegistryClient
  readonly alarm: RegistryAlarm
  readonly timeouts: ConfluentTimeouts
}

/** Asks again, with an alarm, for as long as the fault is one to wait for. */
export const patiently = <A, E extends { readonly _tag: string }>(
  { alarm, timeouts }: Asking,
  asked: Effect.Effect<A, E | RegistryFault>,
  isWaitedFor: (fault: RegistryFault) => boolean,
  message = "the schema registry cannot be asked, and what needs it waits",
): Effect.Effect<A, E | RegistryFault> => {
  const waits = (fault: E | RegistryFault): fault is RegistryFault => isRegistryFault(fault) && isWaitedFor(fault)
  return asked.pipe(
    Effect.tapError((fault) => (waits(fault) ? alarm.raise("away", message, fault.message) : Effect.void)),
    Effect.retry({ schedule: Schedule.spaced(`${timeouts.again} seconds`), while: waits }),
    Effect.tap(() => alarm.clear("away")),
  )
}

const isRegistryFault = (fault: { readonly _tag: string }): fault is RegistryFault => fault._tag === "RegistryFault"
