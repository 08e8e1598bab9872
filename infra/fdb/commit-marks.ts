/**
 * Marks by which a commit of unknown outcome is found again. Every transaction that writes also sets a mark of its own; when
 * the outcome of a try is unknown, the next try reads the mark and learns what became of the former. So a body's writes are
 * kept once, `add` included, although FoundationDB says of its retry loops that they may be kept twice.
 */
import { randomUUID } from "node:crypto"
import type { Transaction } from "foundationdb"
import type { Fdb } from "./client.ts"

/** In the cluster's directories and not in an installation's, where no one looks at it. */
const path = ["matyan", "commits"]

/** Marks that are older belong to processes that died: no transaction is tried for so long. In milliseconds. */
const longestUse = 24 * 3_600_000
const mostSwept = 1_000

/** A key that one transaction has for itself while it is tried. */
export interface Mark {
  readonly key: Buffer
}

export class CommitMarks {
  readonly #prefix: Buffer
  readonly #fdb: Fdb
  readonly #client = randomUUID()
  readonly #free: Mark[] = []
  #made = 0
  #tries = 0n

  constructor(fdb: Fdb, prefix: Buffer) {
    this.#fdb = fdb
    this.#prefix = prefix
  }

  take(): Mark {
    return this.#free.pop() ?? { key: Buffer.concat([this.#prefix, this.#fdb.tuple.pack([this.#client, this.#made++])]) }
  }

  /** Only when no try of its transaction can still be committed; a mark that is not given back is not used again. */
  giveBack(mark: Mark): void {
    this.#free.push(mark)
  }

  /** Marks a try; answers its number. No two tries with the same mark can both be committed, since each reads the mark too. */
  set(tn: Transaction, mark: Mark): bigint {
    const number = ++this.#tries
    // Before the write: what a transaction has written itself it cannot conflict on.
    tn.addReadConflictKey(mark.key)
    const value = Buffer.alloc(16)
    value.writeBigUInt64BE(number)
    value.writeBigUInt64BE(BigInt(Date.now()), 8)
    tn.set(mark.key, value)
    return number
  }

  /** The number of the try that was committed last with this mark. */
  async committed(tn: Transaction, mark: Mark): Promise<bigint | undefined> {
    return (await tn.get(mark.key))?.readBigUInt64BE(0)
  }

  /** Removes this process's marks. */
  clear(tn: Transaction): void {
    tn.clearRangeStartsWith(Buffer.concat([this.#prefix, this.#fdb.tuple.pack([this.#client])]))
  }
}

/** Opens the marks for a process, and sweeps some of those that others left behind. */
export const openMarks = async (fdb: Fdb, tn: Transaction): Promise<CommitMarks> => {
  const { content } = await fdb.directory.createOrOpen(tn, path)
  const rows = await tn.snapshot().getRangeAllStartsWith(content.prefix, { limit: mostSwept })
  const now = BigInt(Date.now())
  for (const [key, value] of rows) if (now - value.readBigUInt64BE(8) > longestUse) tn.clear(key)
  return new CommitMarks(fdb, content.prefix)
}
