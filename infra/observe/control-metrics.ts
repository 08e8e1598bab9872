/** What the control worker tells Prometheus, under the reference's names. */
import { Counter, Histogram, type Registry } from "prom-client"
import type { ControlMeter } from "../../projections/control-meter.ts"

export const controlMetrics = (registry: Registry): Required<ControlMeter> => {
  const registers = [registry]
  const name = (rest: string): string => `matyan_control_events_${rest}`
  const consumed = new Counter({ name: name("consumed_total"), help: "Control events read from the log.", registers })
  const processed = new Counter({
    name: name("processed_total"),
    help: "Events reacted to, and jobs done, whether well or not.",
    labelNames: ["event_type"],
    registers,
  })
  const errors = new Counter({
    name: name("processing_errors_total"),
    help: "Those that failed, by what failed them; they are tried again.",
    labelNames: ["error_type"],
    registers,
  })
  const duration = new Histogram({
    name: name("duration_seconds"),
    help: "How long a reaction or a job took.",
    labelNames: ["event_type"],
    registers,
  })
  return {
    onConsumed: (events) => consumed.inc(events),
    onDone: (event_type, seconds, outcome) => {
      processed.inc({ event_type })
      duration.observe({ event_type }, seconds)
      if (outcome !== "done") errors.inc({ error_type: outcome })
    },
  }
}
