/**
 * What tells a client how far behind an answer is, and lets it wait: `X-Matyan-Lag` on every answer of the API, and
 * `X-Matyan-Position` (or `?position=`) on any request, which is answered when the projections have come so far.
 */
import { Effect, Option } from "effect"
import type { FastifyInstance } from "fastify"
import type { StoreFault } from "../../domain/ports/key-value-store.ts"
import type { Position } from "../../events/index.ts"
import { positionName, positionNamed } from "../../domain/positions.ts"
import type { LagMeter } from "../lag.ts"
import * as parameters from "./api-parameters.ts"
import { badRequest, HttpFault } from "./errors.ts"
import type { Gateway } from "./gateway.ts"

export interface PositionWaiting {
  readonly caughtUp: (positions: readonly Position[]) => Effect.Effect<void, StoreFault>
  readonly meter: LagMeter
  readonly waitMillis: number
  /** Only routes below this are concerned. */
  readonly prefix: string
}

/** To be called before the routes are registered. */
export const waitForPositions = (server: FastifyInstance, run: Gateway["run"], options: PositionWaiting): void => {
  const { caughtUp, meter, waitMillis, prefix } = options
  const isOurs = (path: string | undefined): boolean => path?.startsWith(`${prefix}/`) === true
  server.addHook("onRequest", async (request) => {
    if (!isOurs(request.routeOptions.url)) return
    const asked = [parameters.positionHeader.read(request), parameters.position.read(request)]
    const positions = asked.flatMap((text) => (text === undefined ? [] : positionsIn(text)))
    if (positions.length === 0) return
    const waited = await run(caughtUp(positions).pipe(Effect.timeoutOption(waitMillis)))
    if (Option.isNone(waited)) throw await behind(positions, meter)
  })
  server.addHook("onSend", async (request, reply) => {
    if (!isOurs(request.routeOptions.url)) return
    reply.header("x-matyan-lag", (await meter.read())?.events ?? "unknown")
  })
}

/** Most positions that one request may wait for. */
const most = 100

const positionsIn = (text: string): readonly Position[] => {
  const names = text.split(",").map((name) => name.trim())
  if (names.length > most) throw badRequest(`position: ${names.length} positions, at most ${most} can be waited for`)
  return names.map((name) => {
    const position = positionNamed(name)
    if (position === undefined) throw badRequest(`position: not of the form topic/partition/offset: ${name.slice(0, 100)}`)
    return position
  })
}

const behind = async (positions: readonly Position[], meter: LagMeter): Promise<HttpFault> => {
  const lag = await meter.read()
  const text =
    `Not visible yet: ${positions.map(positionName).join(", ")}. ` +
    (lag === null ? "How far the projections are behind is unknown" : `The projections are ${lag.events} events behind the log`)
  return new HttpFault(503, text, text, undefined, "behind")
}
