/** A backup of the log with those that it goes on from, checked before anything is made of them. */
import { createHash } from "node:crypto"
import { readdir } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { type Archive, linesOf, openArchive } from "./archive.ts"
import { type ArchiveCodec, archiveCodec, schemasIn } from "./archive-codec.ts"
import { blobPath, type LogManifest, logManifestIn } from "./log-manifest.ts"
import { recordsIn } from "./segments.ts"
import { ArchiveUnsound } from "./unsound.ts"

/** One backup of a chain. */
export interface Link {
  readonly archive: Archive
  readonly manifest: LogManifest
}

/**
 * The backup at a path and those before it, oldest first, which are looked for beside it. Throws {@link ArchiveUnsound} where one
 * is missing, damaged, or does not go on where the one before it ends.
 */
export const openChain = async (path: string, scratch: () => string): Promise<readonly Link[]> =>
  chainTo(await openArchive(path, scratch), path, scratch)

/** As {@link openChain}, where the last of them, the archive at the path, is open already. */
export const chainTo = async (archive: Archive, path: string, scratch: () => string): Promise<readonly Link[]> => {
  const last = { archive, manifest: await logManifestIn(archive) }
  const chain: Link[] = [last]
  for (let previous = last.manifest.previous; previous !== null; previous = chain[0]!.manifest.previous) {
    const found = await besideWith(dirname(resolve(path)), previous, scratch)
    if (found === undefined)
      throw new ArchiveUnsound({
        message: `${chain[0]!.archive.name} goes on from ${previous.name} (${previous.id}), which is not beside it`,
      })
    assertGoesOn(found, chain[0]!)
    chain.unshift(found)
  }
  const first = chain[0]!.manifest.partitions.find(({ from }) => from !== 0)
  if (first !== undefined)
    throw new ArchiveUnsound({ message: `${chain[0]!.archive.name} does not begin at the log's start, and names none before it` })
  return chain
}

const openLink = async (path: string, scratch: () => string): Promise<Link> => {
  const archive = await openArchive(path, scratch)
  try {
    return { archive, manifest: await logManifestIn(archive) }
  } catch (error) {
    await archive.close()
    throw error
  }
}

/** The backup of this id, looked for first under the name that it had; where that one is damaged and no other is it, that is said. */
const besideWith = async (
  folder: string,
  { id, name }: { readonly id: string; readonly name: string },
  scratch: () => string,
): Promise<Link | undefined> => {
  const isNamed = (one: string): boolean => plainName(one) === plainName(name)
  const all = (await readdir(folder)).filter((one) => /^matyan-log-.*\d(\.tar\.gz)?$/.test(one)).sort()
  let damage: { readonly by: unknown } | undefined
  for (const one of [...all.filter(isNamed), ...all.filter((other) => !isNamed(other))]) {
    try {
      const link = await openLink(join(folder, one), scratch)
      if (link.manifest.id === id) return link
      await link.archive.close()
    } catch (error) {
      if (isNamed(one)) damage = { by: error }
    }
  }
  if (damage !== undefined) throw damage.by
  return undefined
}

const plainName = (name: string): string => name.replace(/\.tar\.gz$/, "")

const assertGoesOn = (before: Link, after: Link): void => {
  for (const { topic, partition, from } of after.manifest.partitions) {
    const end = before.manifest.partitions.find((one) => one.topic === topic && one.partition === partition)?.to ?? 0
    if (end !== from)
      throw new ArchiveUnsound({
        message: `${after.archive.name} goes on from ${topic}/${partition}/${from}, but ${before.archive.name} ends at ${end}`,
      })
  }
}

/** An object of a backup. */
export interface KeptBlob {
  readonly key: string
  readonly size: number
  readonly sha256: string
  readonly content_type: string
}

/** The objects that a backup lists. Throws {@link ArchiveUnsound}. */
export async function* blobsIn({ archive, manifest }: Link): AsyncGenerator<KeptBlob> {
  if (!manifest.include_blobs) return
  for await (const { number, text } of linesOf(archive, "blobs.jsonl")) {
    try {
      yield JSON.parse(text) as KeptBlob
    } catch {
      throw new ArchiveUnsound({ message: `${archive.name}: blobs.jsonl, line ${number} is no JSON` })
    }
  }
}

/** Checks every byte of a backup, and answers its codec. Throws {@link ArchiveUnsound} with the file and the place. */
export const checkLink = async (link: Link): Promise<ArchiveCodec> => {
  const { archive, manifest } = link
  const listed = new Set(["manifest.json", "manifest.sha256", ...manifest.files.map(({ path }) => path)])
  const segments = manifest.files.filter(({ path }) => path.startsWith("log/"))
  const others = manifest.files.filter(({ path }) => !path.startsWith("log/"))
  for (const file of others) await assertHash(archive, file.path, file)
  const codec = await archiveCodec(await schemasIn(archive))
  const counted = { events: 0, undecodable: 0 }
  for (const { topic, partition, from, to } of manifest.partitions) {
    const own = segments.filter(({ path }) => path.startsWith(`log/${topic}-${partition}-`))
    let next = from
    for (const file of own) {
      next = await checkSegment(archive, file.path, { next, to, codec, counted })
      await assertHash(archive, file.path, file)
    }
    if (to !== from && own.length === 0)
      unsound(archive, `the records of ${topic}/${partition} from ${from} to ${to} are missing`)
  }
  if (counted.events !== manifest.events || counted.undecodable !== manifest.undecodable)
    unsound(archive, `it holds ${counted.events} events, where its manifest says ${manifest.events}`)
  let blobs = 0
  for await (const blob of blobsIn(link)) {
    blobs += 1
    listed.add(blobPath(blob.sha256))
    await assertHash(archive, blobPath(blob.sha256), { bytes: blob.size, sha256: blob.sha256 })
  }
  if (blobs !== manifest.blobs) unsound(archive, `blobs.jsonl lists ${blobs} objects, where the manifest says ${manifest.blobs}`)
  const stranger = [...archive.files.keys()].find((path) => !listed.has(path))
  if (stranger !== undefined) unsound(archive, `${stranger} does not belong to it`)
  return codec
}

const unsound = (archive: Archive, why: string): never => {
  throw new ArchiveUnsound({ message: `${archive.name}: ${why}` })
}

interface SegmentCheck {
  readonly next: number
  readonly to: number
  readonly codec: ArchiveCodec
  readonly counted: { events: number; undecodable: number }
}

/** Answers the offset after the last record. A log may leave offsets out, but never goes back. */
const checkSegment = async (archive: Archive, path: string, { next, to, codec, counted }: SegmentCheck): Promise<number> => {
  let expected = next
  for await (const { offset, bytes, isEvent } of recordsIn(archive, path)) {
    if (offset < expected || offset >= to) unsound(archive, `${path} holds offset ${offset} where ${expected} should come`)
    expected = offset + 1
    if (isEvent) counted.events += 1
    else counted.undecodable += 1
    if (isEvent && !codec.knows(schemaOf(bytes)))
      unsound(
        archive,
        `${path}: the event at offset ${offset} is of a schema that this code does not have; it was made by newer code`,
      )
  }
  return expected
}

const schemaOf = (bytes: Uint8Array): number => ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0

const assertHash = async (
  archive: Archive,
  path: string,
  is: { readonly bytes: number; readonly sha256: string },
): Promise<void> => {
  const size = archive.files.get(path)
  if (size === undefined) unsound(archive, `${path} is missing`)
  if (size !== is.bytes) unsound(archive, `${path} has ${size} bytes, where ${is.bytes} were written`)
  const hash = createHash("sha256")
  for await (const chunk of archive.chunks(path)) hash.update(chunk)
  if (hash.digest("hex") !== is.sha256) unsound(archive, `${path} is damaged: its SHA-256 is not the one that was written`)
}
