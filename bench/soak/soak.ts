/** What all who take part in a soak share. */
import { setTimeout as wait } from "node:timers/promises"
import type { Answered, Ask } from "./rest.ts"
import type { Tally } from "./tally.ts"

export interface Plan {
  readonly seconds: number
  /** Caches fill, and the kept runs come to their number: growth until then is not counted. */
  readonly warmSeconds: number
  /** Points a second, of all writers together. */
  readonly rate: number
  readonly writers: number
  /** How long a writer logs into one run. */
  readonly runSeconds: number
  /** How many finished runs are kept: those of writers, and small ones. With more the oldest is looked through and deleted. */
  readonly keptRuns: number
  readonly keptSmall: number
  readonly smallEveryMs: number
  readonly rebuildEverySeconds: number
  readonly sampleSeconds: number
}

export interface Soak {
  readonly plan: Plan
  readonly backendUrl: string
  readonly frontierUrl: string
  readonly ask: Ask
  readonly tally: Tally
  readonly over: AbortSignal
}

/** Ends early when the soak is over. */
export const pause = async ({ over }: Soak, millis: number): Promise<void> => {
  try {
    await wait(Math.max(0, millis), undefined, { signal: over })
  } catch {
    // It is over.
  }
}

/** A request below the API's prefix; `kind` names it in the figures. An answer of none of these states is a fault. */
export const rest = async (
  soak: Soak,
  kind: string,
  [method, path]: readonly [method: string, path: string],
  body?: unknown,
  allowed: readonly number[] = [200, 201, 204],
): Promise<Answered> => {
  const answer = await soak.ask(method, `${soak.backendUrl}/api/v1/rest${path}`, body)
  soak.tally.took(kind, answer.millis)
  if (answer.status === 202) soak.tally.count("commands not seen in time")
  else if (!allowed.includes(answer.status))
    soak.tally.fault(`${method} ${path}: ${answer.status} ${answer.body.toString("utf8", 0, 300)}`)
  return answer
}
