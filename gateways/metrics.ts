/** What both gateways tell Prometheus, and the route that tells it. */
import type { FastifyInstance } from "fastify"
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client"

export interface HttpMetrics {
  readonly observe: (method: string, path: string, status: number, seconds: number) => void
}

/** A gateway's own registry, so that several in one process do not meet. */
export const metricsRegistry = (): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

export const httpMetrics = (registry: Registry): HttpMetrics => {
  const requests = new Counter({
    name: "matyan_http_requests_total",
    help: "HTTP requests answered.",
    labelNames: ["method", "path", "status"],
    registers: [registry],
  })
  const duration = new Histogram({
    name: "matyan_http_request_duration_seconds",
    help: "Time from a request's headers to the end of its answer.",
    labelNames: ["method", "path"],
    registers: [registry],
  })
  return {
    observe: (method, path, status, seconds) => {
      requests.inc({ method, path, status: String(status) })
      duration.observe({ method, path }, seconds)
    },
  }
}

/** `GET /metrics/`, in Prometheus' text format. */
export const metricsRoute = (server: FastifyInstance, registry: Registry): void => {
  server.get("/metrics/", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}
