/**
 * Spans of OpenTelemetry, sent by OTLP over HTTP where OTEL_EXPORTER_OTLP_ENDPOINT is set. The trace of a frame or a command
 * has an id made from its writer and number, which stand in each of its events. So nothing need travel beside the events,
 * and gateway and projector tell of the same trace, also when an event is folded anew a year later.
 */
import { createHash } from "node:crypto"
import { Context, Effect, Exit, Layer, Option, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpExporter, OtlpSerialization, OtlpTracer } from "effect/observability"
import { type Origin, type SpanOf, Spans } from "../../domain/ports/spans.ts"
import { version } from "../version.ts"

export interface TraceSettings {
  /** `http://collector:4318`; nothing is traced without it. */
  readonly otlpEndpoint: string | undefined
  /** The share of frames and commands that are followed, from 0 to 1. */
  readonly traceRatio: number
}

/** An effect whose spans, and those of all that it starts, are sent; the last of them when it ends. */
export const traced =
  ({ otlpEndpoint, traceRatio }: TraceSettings, role: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    if (otlpEndpoint === undefined || traceRatio === 0) return effect
    const tracer = OtlpTracer.layer({
      url: `${otlpEndpoint.replace(/\/+$/, "")}/v1/traces`,
      resource: { serviceName: `matyan-${role}`, serviceVersion: version },
    }).pipe(Layer.provide([FetchHttpClient.layer, OtlpSerialization.layerJson]), Layer.provide(OtlpExporter.layerFlusher))
    const spans = Layer.effect(
      Spans,
      Effect.map(Effect.tracer, (tracer) => spansOf(tracer, traceRatio)),
    )
    return Effect.provide(effect, Layer.provide(spans, tracer))
  }

const spansOf = (tracer: Tracer.Tracer, ratio: number): Context.Service.Shape<typeof Spans> => {
  const follows = (of: Origin): boolean => digestOf(of).readUInt32BE(0) < ratio * 2 ** 32
  return { follows, record: (span) => record(tracer, span) }
}

const record = (tracer: Tracer.Tracer, { name, of, start, end, attributes }: SpanOf): void => {
  const digest = digestOf(of).toString("hex")
  const parent = Tracer.externalSpan({ traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), sampled: true })
  const span = tracer.span({
    name,
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: [],
    startTime: nanoseconds(start),
    kind: "internal",
    root: false,
    sampled: true,
  })
  for (const [key, value] of Object.entries(attributes)) span.attribute(`matyan.${key}`, value)
  span.end(nanoseconds(end), Exit.void)
}

const digestOf = ({ writer, seq }: Origin): Buffer => createHash("sha256").update(`${writer}/${seq}`).digest()

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * 1e6))
