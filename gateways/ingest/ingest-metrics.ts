import { Counter, Gauge, Histogram, type Registry } from "prom-client"

/** What sockets tell Prometheus, under the reference's names. */
export interface SocketMetrics {
  readonly opened: () => void
  readonly closed: (seconds: number) => void
  readonly messages: (counts: ReadonlyMap<string, number>) => void
}

export const socketMetrics = (registry: Registry): SocketMetrics => {
  const registers = [registry]
  const active = new Gauge({ name: "matyan_ws_connections_active", help: "Open sockets.", registers })
  const messages = new Counter({
    name: "matyan_ws_messages_total",
    help: "Messages received.",
    labelNames: ["message_type"],
    registers,
  })
  const duration = new Histogram({
    name: "matyan_ws_connection_duration_seconds",
    help: "How long sockets were open.",
    buckets: [1, 10, 60, 600, 3_600, 21_600, 86_400],
    registers,
  })
  return {
    opened: () => active.inc(),
    closed: (seconds) => {
      active.dec()
      duration.observe(seconds)
    },
    messages: (counts) => {
      for (const [message_type, count] of counts) messages.inc({ message_type }, count)
    },
  }
}
