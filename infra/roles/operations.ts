/** The door of a role that is no gateway: whether it lives, whether it is ready, and its metrics. */
import { Effect } from "effect"
import type { Registry } from "prom-client"
import { type HealthCheck, healthRoutes } from "../../gateways/health.ts"
import { closeServer, httpServer, listen } from "../../gateways/http.ts"
import { httpMetrics, metricsRoute } from "../../gateways/metrics.ts"
import type { Settings } from "../config.ts"
import { mayListen, urlOf } from "./address.ts"

/** Listens until the scope closes; answers where. */
export const operationsServer = (
  settings: Pick<Settings, "host" | "insecure" | "operationsPort">,
  registry: Registry,
  checks: readonly HealthCheck[],
) =>
  Effect.gen(function* () {
    yield* mayListen(settings)
    const server = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const made = await httpServer({
          corsOrigins: [],
          bodyBytes: 1_024,
          headersTimeoutMs: 15_000,
          metrics: httpMetrics(registry),
        })
        healthRoutes(made, checks)
        metricsRoute(made, registry)
        return made
      }),
      (made) => Effect.promise(() => closeServer(made, drainMs)),
    )
    return urlOf(settings.host, yield* listen(server, settings.host, settings.operationsPort))
  })

const drainMs = 1_000
