import { Effect } from "effect"
import { type ConfluentOptions, registryName } from "./options.ts"

/** What is wrong with the registry now, by kind: logged when it begins and when it ends, and each half minute in between. */
export interface RegistryAlarm {
  readonly raise: (kind: string, message: string, reason: string) => Effect.Effect<void>
  readonly clear: (kind: string) => Effect.Effect<void>
}

const againMillis = 30_000

interface Trouble {
  readonly text: string
  readonly logged: number
}

export const registryAlarm = ({ url, onTrouble }: ConfluentOptions): RegistryAlarm => {
  const registry = registryName(url)
  const troubles = new Map<string, Trouble>()
  let told: string | null = null
  const tell = (): void => {
    const now = troubles.size === 0 ? null : [...troubles.values()].map(({ text }) => text).join("; ")
    if (now !== told) onTrouble?.((told = now))
  }
  return {
    raise: (kind, message, reason) =>
      Effect.suspend(() => {
        const text = `${message}: ${reason}`
        const before = troubles.get(kind)
        const now = performance.now()
        const isNews = before?.text !== text || now - before.logged >= againMillis
        troubles.set(kind, { text, logged: isNews ? now : before.logged })
        tell()
        return isNews ? Effect.logWarning(message, { registry, reason }) : Effect.void
      }),
    clear: (kind) =>
      Effect.suspend(() => {
        if (!troubles.delete(kind)) return Effect.void
        tell()
        return Effect.logInfo("trouble with the schema registry is over", { registry, trouble: kind })
      }),
  }
}
