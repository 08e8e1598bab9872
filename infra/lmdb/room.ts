/**
 * Whether a disk has room for a commit. To be asked before each: when one of its writes fails, lmdb 3.5.6 writes a message
 * beyond the end of a buffer, and the process is aborted. So a commit for which there may be no room must not begin.
 */
import { statfsSync } from "node:fs"

/** What a commit puts down: bytes of keys and values, rows, and whether it removes ranges of them. */
export interface CommitSize {
  readonly bytes: number
  readonly rows: number
  readonly isRemoving?: boolean
}

/** Throws where the disk of a folder may have too little room for a commit. One call takes some 5 µs. */
export const assertRoom = (folder: string, size: CommitSize): void => {
  const needed = bytesNeeded(size)
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < needed)
    throw new Error(
      `No space left on device: ${mebibytes(bavail * bsize)} MiB are free where a commit may need ${mebibytes(needed)}`,
    )
}

/** Each row may lie in a page of its own, and each page that changes is written anew; besides them there are branches. */
const bytesNeeded = ({ bytes, rows, isRemoving = false }: CommitSize): number =>
  2 * bytes + rows * pageBytes + (isRemoving ? 16 : 4) * 2 ** 20

const pageBytes = 4_096

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
