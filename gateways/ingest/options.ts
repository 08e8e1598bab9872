import type { FastifyBaseLogger } from "fastify"
import { defaultIngestLimits, type IngestLimits } from "../../domain/limits.ts"

export interface IngestGatewayOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** The component's version, as `/api/v1/rest/version/` tells it. */
  readonly version: string
  readonly corsOrigins: readonly string[]
  readonly limits: IngestLimits
  readonly sockets: SocketOptions
  /** How long a presigned upload may be used, in seconds, and its most bytes. */
  readonly uploadSeconds: number
  readonly uploadBytes: number
  /** Most bytes of an upload in parts. */
  readonly multipartBytes: number
  /** Takes what goes wrong within requests; nobody hears of it by default. */
  readonly logger?: FastifyBaseLogger
  /** Whether a page of this origin may open a socket; undefined where the client names none. All may unless told. */
  readonly allowsOrigin: (origin: string | undefined) => boolean
}

/** Times in milliseconds. */
export interface SocketOptions {
  /** How long a frame may wait for the log before its socket is closed with 1013. */
  readonly holdMs: number
  readonly pingMs: number
  /** A client that is silent for this long, pongs included, is cut off. */
  readonly silentMs: number
  /** Frames, and their bytes, of one socket that may be unanswered before it is no longer read. */
  readonly framesPerSocket: number
  readonly bytesPerSocket: number
  /** Bytes of all unanswered frames before no socket that sends is read. */
  readonly bytesInFlight: number
  readonly mostSockets: number
  /** How long accepted frames may take at the end, before sockets are cut. */
  readonly drainMs: number
  /** How often sockets are looked after. */
  readonly tickMs: number
}

export const defaultIngestGatewayOptions: IngestGatewayOptions = {
  host: "127.0.0.1",
  port: 53801,
  version: "0.0.0",
  corsOrigins: ["http://localhost:3000", "http://localhost:8000", "http://localhost:53800", "http://127.0.0.1:53800"],
  limits: defaultIngestLimits,
  sockets: {
    holdMs: 40_000,
    pingMs: 20_000,
    silentMs: 60_000,
    framesPerSocket: 64,
    bytesPerSocket: 32 * 2 ** 20,
    bytesInFlight: 128 * 2 ** 20,
    mostSockets: 10_000,
    drainMs: 10_000,
    tickMs: 500,
  },
  uploadSeconds: 3_600,
  uploadBytes: 5 * 2 ** 30,
  multipartBytes: 5 * 2 ** 40,
  allowsOrigin: () => true,
}
