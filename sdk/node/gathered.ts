/** Streams that were logged as artifacts, gathered into files until they are uploaded: `<place>/gathered/`. */
import { randomUUID } from "node:crypto"
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { open, rm } from "node:fs/promises"
import { join, resolve } from "node:path"
import { type LoggedFile, SpoolFull } from "../platform.ts"
import { readDuties } from "./duties.ts"

const folderOf = (place: string): string => resolve(place, "gathered")

/** Writes chunks to a new file. Leaves nothing where the source fails or the disk is full (`SpoolFull`). */
export const gather = async (place: string, chunks: AsyncIterable<Uint8Array>): Promise<LoggedFile> => {
  const path = join(folderOf(place), randomUUID())
  try {
    mkdirSync(folderOf(place), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw full(path, error)
  }
  const file = await open(path, "wx", 0o600).catch((error: unknown) => Promise.reject(full(path, error)))
  try {
    for await (const chunk of chunks) await file.appendFile(chunk).catch((error: unknown) => Promise.reject(full(path, error)))
    const { size, mtimeMs } = await file.stat()
    return { path, size, modified: mtimeMs, isGathered: true }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

const full = (path: string, error: unknown): SpoolFull =>
  new SpoolFull(`${path}: ${error instanceof Error ? error.message : String(error)}`)

/** A process may be about to name a file that it has gathered; one that is older than this belongs to one that was killed. */
const orphanMillis = 24 * 3_600_000

/** Removes gathered files that no duty of any spool names. */
export const removeUnnamed = (place: string): void => {
  const folder = folderOf(place)
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch {
    return
  }
  const isOld = (path: string): boolean =>
    Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > orphanMillis
  const old = names.map((name) => join(folder, name)).filter(isOld)
  if (old.length === 0) return
  const named = new Set<string>()
  for (const entry of readdirSync(place, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== "gathered")
      for (const { file } of readDuties(join(place, entry.name))) if (file !== null) named.add(file.path)
  for (const path of old) if (!named.has(path)) rmSync(path, { force: true })
}
