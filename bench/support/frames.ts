/**
 * Frames as the stock client (matyan-client 0.3.0) sends them: up to 100 messages, one point each, written by Python's
 * `json.dumps` with its spaces. A training loop that logs two metrics in two contexts makes four series, in turn.
 */
const series = [
  { name: "loss", context: '{"subset": "train"}' },
  { name: "accuracy", context: '{"subset": "train"}' },
  { name: "loss", context: '{"subset": "val"}' },
  { name: "accuracy", context: '{"subset": "val"}' },
] as const

export const messagesPerFrame = 100

/** The value of the last point of every series, by which it is known that all were folded. */
export const lastValue = 4242.25

/** Frames of single points, `count` of them; with `ends`, the last point of each series bears {@link lastValue}. */
export const pointFrames = (run: string, count: number, { ends = false } = {}): readonly string[] =>
  Array.from({ length: count }, (_, frame) => {
    const messages: string[] = []
    for (let i = 0; i < messagesPerFrame; i++) {
      const point = frame * messagesPerFrame + i
      const isLast = ends && point >= count * messagesPerFrame - series.length
      messages.push(pointMessage(run, point, isLast ? lastValue : valueAt(point)))
    }
    return `[${messages.join(", ")}]`
  })

/** One message: the point of this number, which falls to one of the series. */
export const pointMessage = (run: string, point: number, value: number): string => {
  const { name, context } = series[point % series.length]!
  const step = Math.floor(point / series.length)
  return `{"type": "log_metric", "run_id": "${run}", "name": "${name}", "value": ${value}, "step": ${step}, "epoch": null, "context": ${context}, "dtype": "float", "client_datetime": "${isoformat(point)}"}`
}

/** What the stock client sends for a run of five parameters and ten points, in frames as its queue would cut them. */
export const smallRunFrames = (run: string, index: number): readonly string[] => {
  const opened = `{"type": "create_run", "run_id": "${run}", "client_datetime": "${isoformat(0)}", "force_resume": false}`
  const parameters = `{"lr": ${0.001 * (1 + (index % 100))}, "batch": ${2 ** (index % 8)}, "seed": ${index}, "model": "m${index % 10}", "layers": ${index % 50}}`
  const params = `{"type": "log_hparams", "run_id": "${run}", "value": {"hparams": ${parameters}}}`
  const points = Array.from({ length: 10 }, (_, i) => pointMessage(run, i * series.length, 1 / (i + 1)))
  const closed = `{"type": "finish_run", "run_id": "${run}", "client_datetime": "${isoformat(60)}"}`
  return [opened, `[${[params, ...points].join(", ")}]`, closed]
}

/** Noisy, as measured values are: sixteen digits or so. */
const valueAt = (point: number): number => 2.3 * Math.exp(-point / 50_000) + 0.05 * Math.sin(point * 12.9898)

const began = Date.UTC(2026, 0, 1)

/** A time with microseconds, as `datetime.isoformat` writes it; one point every 250 µs. */
const isoformat = (point: number): string => {
  const micros = (point * 250) % 1_000
  const millis = new Date(began + Math.floor((point * 250) / 1_000)).toISOString().slice(0, -1)
  return `${millis}${String(micros).padStart(3, "0")}+00:00`
}
