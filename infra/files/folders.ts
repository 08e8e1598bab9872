/** What the files of the blob store need of folders that may not be there. */
import { open, readdir, readFile, rename, writeFile } from "node:fs/promises"

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT"

/** The JSON in a file of ours; undefined where there is none. */
export const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, "utf8"))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Puts a file in its place, whole or not at all; `draft` is where it is written before. */
export const writeJson = async (draft: string, file: string, content: unknown): Promise<void> => {
  await writeFile(draft, JSON.stringify(content), { flush: true, mode: 0o600 })
  await rename(draft, file)
}

export const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Makes renames into a folder last; Windows has no such thing. */
export const flushFolder = async (folder: string): Promise<void> => {
  if (process.platform === "win32") return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
