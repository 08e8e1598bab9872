import { closeSync, openSync, readSync, statSync } from "node:fs"

/**
 * Throws what is wrong with a file that is there and no LMDB database that can be opened; LMDB itself would end the process
 * on such a file without a word.
 *
 * Each of the first two pages describes the database: a magic number after 24 bytes, the size of a page after 48, the
 * number of the last page after 144. The older description is always whole on the disk, so the file must reach at least
 * to the lesser of the two last pages.
 */
export const assertSound = (file: string): void => {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return
  const first = descriptionAt(file, 0)
  const second = first && descriptionAt(file, first.pageBytes)
  if (first === null || second === null) throw new Error(`${file} is damaged: it does not begin as a database does`)
  if (size < (Math.min(first.lastPage, second.lastPage) + 1) * first.pageBytes)
    throw new Error(`${file} is damaged: it is cut short at ${size} bytes`)
}

interface Description {
  readonly pageBytes: number
  readonly lastPage: number
}

const magic = 0xbeefc0de

const descriptionAt = (file: string, at: number): Description | null => {
  const bytes = Buffer.alloc(152)
  const descriptor = openSync(file, "r")
  try {
    if (readSync(descriptor, bytes, 0, bytes.length, at) < bytes.length) return null
  } finally {
    closeSync(descriptor)
  }
  if (bytes.readUInt32LE(24) !== magic) return null
  return { pageBytes: bytes.readUInt32LE(48), lastPage: Number(bytes.readBigUInt64LE(144)) }
}
