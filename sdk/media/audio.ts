import type { Logbook } from "../logbook.ts"
import { type BlobObject, type Encoded, type Head, logBlobObject, logBytes } from "./blob-object.ts"
import type { ObjectOptions } from "./object.ts"
import { wavOf } from "./wav.ts"

/** Samples from -1 to 1: of one channel, of several, or as the Web Audio API has them (`AudioBuffer`). */
export type Samples =
  | Float32Array
  | readonly Float32Array[]
  | {
      readonly numberOfChannels: number
      readonly sampleRate: number
      readonly getChannelData: (channel: number) => Float32Array
    }

/** What a sound is logged with. */
export interface AudioOptions extends ObjectOptions {
  readonly caption?: string
  /** Samples in a second, in Hz; 22,050 unless told. For samples only: a file tells its own. */
  readonly rate?: number
  /** Of bytes in a format that is not known by its head or path. WAV, MP3, FLAC, Ogg and MP4 are known. */
  readonly format?: string
}

/** What `run.audio` takes. */
export type AudioSource = Encoded | Samples

/** Logs a sound that is held (`hold.ts`). */
export const logAudio = (book: Logbook, name: string, held: unknown, options: AudioOptions): Promise<void> | void => {
  const object: BlobObject = { kind: "audio", name, options, head: (bytes, path) => headOf(bytes, path, options) }
  const channels = channelsOf(held)
  if (channels === null) return logBlobObject(book, object, held)
  const rate = (held as { readonly sampleRate?: number }).sampleRate ?? options.rate ?? 22_050
  return logBytes(book, object, wavOf(channels, rate))
}

/** Null where the source is no samples. */
const channelsOf = (source: unknown): readonly Float32Array[] | null => {
  if (source instanceof Float32Array) return [source]
  if (Array.isArray(source)) return source as readonly Float32Array[]
  if (typeof source !== "object" || source === null || !("getChannelData" in source)) return null
  const buffer = source as Extract<Samples, { readonly numberOfChannels: number }>
  return Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel))
}

/** Formats by their first bytes, and their media types. */
const formats: readonly (readonly [start: RegExp, format: string, contentType: string])[] = [
  [/^RIFF[^]{4}WAVE/, "wav", "audio/wav"],
  [/^(ID3|\xff[\xe2-\xff])/, "mp3", "audio/mpeg"],
  [/^fLaC/, "flac", "audio/flac"],
  [/^OggS/, "ogg", "audio/ogg"],
  [/^[^]{4}ftyp/, "mp4", "audio/mp4"],
]

const headOf = (bytes: Uint8Array, path: string, options: AudioOptions): Head => {
  const start = String.fromCharCode(...bytes.subarray(0, 28))
  const known = formats.find(([pattern]) => pattern.test(start))
  const format = known?.[1] ?? options.format ?? /\.(\w+)$/.exec(path)?.[1]
  if (format === undefined) throw new Error("it is no WAV, MP3, FLAC, Ogg or MP4, and no format is given")
  const isWav = format === "wav" && bytes.length >= 28
  const rate = isWav ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true) : (options.rate ?? null)
  return {
    fields: { format, caption: options.caption ?? "", rate },
    extension: format.replaceAll(/\W/g, "_"),
    contentType: known?.[2] ?? `audio/${format}`,
  }
}
