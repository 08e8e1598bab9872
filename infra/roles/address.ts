/** Where a role listens, and whether it may. */
import { Effect } from "effect"
import { isLoopback, type Settings } from "../config.ts"
import { Refused } from "./refused.ts"

/** Fails where others could reach what listens there, unless that was said to be wanted. */
export const mayListen = ({ host, insecure }: Pick<Settings, "host" | "insecure">): Effect.Effect<void, Refused> =>
  isLoopback(host) || insecure ? Effect.void : Effect.fail(openToAll(host))

export const urlOf = (host: string, port: number): string => {
  const reached = host === "0.0.0.0" || host === "::" ? "localhost" : host
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`
}

const openToAll = (host: string): Refused =>
  new Refused({
    message:
      `HOST is ${host}, which others may reach, and there is no authentication: anybody could read, change and delete all runs. ` +
      "Listen at 127.0.0.1 behind a proxy that authenticates, or start with --insecure where the network is trusted.",
  })
