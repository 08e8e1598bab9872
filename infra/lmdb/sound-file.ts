import { closeSync, openSync, readSync, statSync } from "node:fs"

/**
 * Throws what is wrong with a file that is there and no LMDB database that can be opened; LMDB itself would end the process
 * on such a file without a word.
 *
 * Each of the first two pages describes the database: a magic number after 24 bytes, the size of a page after 48, the
 * number of the last page after 144, and of its two trees (after 48 and 96) the depth, the numbers of pages and the root. What
 * the older one describes is always whole on the disk, so the file must reach at least to the lesser of the two last pages; and
 * to the greater, where each commit is flushed before its description is written (without overlapping sync).
 */
export const assertSound = (file: string, { isEachFlushed }: { readonly isEachFlushed: boolean }): void => {
  if (sizeOf(file) === 0) return
  const first = descriptionAt(file, 0)
  const second = first && descriptionAt(file, first.pageBytes)
  if (first === null || second === null || !isPlausible(first) || !isPlausible(second))
    throw new Error(`${file} is damaged: it does not begin as a database does`)
  // Measured last: a process that writes to it meanwhile has put its pages down before it described them.
  const size = sizeOf(file)
  const lastPage = (isEachFlushed ? Math.max : Math.min)(first.lastPage, second.lastPage)
  if (size < (lastPage + 1) * first.pageBytes) throw new Error(`${file} is damaged: it is cut short at ${size} bytes`)
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

interface Description {
  readonly pageBytes: number
  readonly lastPage: number
  readonly trees: readonly Tree[]
}

interface Tree {
  readonly depth: number
  readonly pages: number
  /** Null where it is empty. */
  readonly root: number | null
}

const isPlausible = ({ pageBytes, lastPage, trees }: Description): boolean =>
  pageBytes >= 512 &&
  pageBytes <= 65_536 &&
  lastPage >= 1 &&
  trees.every(
    ({ depth, pages, root }) => depth <= deepest && pages <= lastPage + 1 && (root === null || (root > 1 && root <= lastPage)),
  )

/** As deep as LMDB's own cursors go. */
const deepest = 32

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
  return {
    pageBytes: bytes.readUInt32LE(48),
    lastPage: Number(bytes.readBigUInt64LE(144)),
    trees: [treeAt(bytes, 48), treeAt(bytes, 96)],
  }
}

/** Flags and depth stand after 4 bytes, the numbers of branches, leaves and long values after 8, the root after 40. */
const treeAt = (bytes: Buffer, at: number): Tree => {
  const number = (offset: number): number => Number(bytes.readBigUInt64LE(at + offset))
  const root = bytes.readBigUInt64LE(at + 40)
  return {
    depth: bytes.readUInt16LE(at + 6),
    pages: number(8) + number(16) + number(24),
    root: root === none ? null : Number(root),
  }
}

const none = 2n ** 64n - 1n
