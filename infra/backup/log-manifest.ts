/** What a backup of the log says of itself: `manifest.json`, whose own hash stands beside it in `manifest.sha256`. */
import { createHash } from "node:crypto"
import { type Archive, wholeFile } from "./archive.ts"
import type { Output, Written } from "./output.ts"
import { ArchiveUnsound } from "./unsound.ts"

export const logFormat = "matyan-log-backup"
const version = 1

/** What it holds of a partition: the offsets from `from` up to, not including, `to`. */
export interface KeptPartition {
  readonly topic: "data-ingestion" | "control-events"
  readonly partition: number
  readonly from: number
  readonly to: number
  /** The SHA-256 of its last record's key and meaning, by which the next increment knows that it is the same log; null: none. */
  readonly last: string | null
}

export interface KeptFile extends Written {
  readonly path: string
}

export interface LogManifest {
  readonly format: typeof logFormat
  readonly version: typeof version
  readonly id: string
  /** When it was begun, in ISO 8601. */
  readonly created_at: string
  /** The backup that it goes on from; null: none. */
  readonly previous: { readonly id: string; readonly name: string } | null
  readonly partitions: readonly KeptPartition[]
  readonly events: number
  /** Records that could not be read as events; their bytes are kept. */
  readonly undecodable: number
  readonly include_blobs: boolean
  readonly blobs: number
  readonly blob_bytes: number
  /** All other files but the objects, whose hashes stand in `blobs.jsonl`. */
  readonly files: readonly KeptFile[]
}

export const segmentPath = ({ topic, partition }: Pick<KeptPartition, "topic" | "partition">, from: number): string =>
  `log/${topic}-${partition}-${String(from).padStart(15, "0")}.records`

/** The object with a hash lies here. */
export const blobPath = (sha256: string): string => `blobs/${sha256.slice(0, 2)}/${sha256}`

export const writeManifest = async (output: Output, manifest: Omit<LogManifest, "format" | "version">): Promise<void> => {
  const text = `${JSON.stringify({ format: logFormat, version, ...manifest }, null, 2)}\n`
  for (const [path, content] of [
    ["manifest.json", text],
    ["manifest.sha256", sealOf(text)],
  ] as const) {
    const file = await output.file(path)
    await file.write(content)
    await file.end()
  }
}

const sealOf = (manifest: string | Uint8Array): string =>
  `${createHash("sha256").update(manifest).digest("hex")}  manifest.json\n`

/** The manifest of any backup, as JSON. Throws {@link ArchiveUnsound} where it is none. */
export const manifestIn = async (archive: Archive): Promise<Readonly<Record<string, unknown>>> => {
  const bytes = await wholeFile(archive, "manifest.json")
  const said = jsonIn(bytes)
  if (typeof said !== "object" || said === null || Array.isArray(said))
    throw new ArchiveUnsound({ message: `${archive.name}: manifest.json is damaged: it is no JSON object` })
  return said as Readonly<Record<string, unknown>>
}

const jsonIn = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** The manifest of a backup of the log, once its own hash is right. */
export const logManifestIn = async (archive: Archive): Promise<LogManifest> => {
  const bytes = await wholeFile(archive, "manifest.json")
  if (!archive.files.has("manifest.sha256") && (await manifestIn(archive))["format"] !== logFormat)
    throw new ArchiveUnsound({ message: `${archive.name} is no backup of the log, as "matyan backup --log" writes it` })
  const seal = await wholeFile(archive, "manifest.sha256")
  if (seal.toString("latin1") !== sealOf(bytes))
    throw new ArchiveUnsound({ message: `${archive.name}: manifest.json or manifest.sha256 is damaged: the hash is another` })
  const said = await manifestIn(archive)
  if (said["format"] !== logFormat || said["version"] !== version)
    throw new ArchiveUnsound({
      message: `${archive.name}: it is of version ${String(said["version"])}; this code reads ${version}`,
    })
  // Its hash says that this is what writeManifest wrote.
  return said as unknown as LogManifest
}
