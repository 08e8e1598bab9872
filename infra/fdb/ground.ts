/** Where an installation stands in a cluster: all of its keys and directories lie behind one prefix. */
import type { DirectoryLayer, Subspace, Transaction } from "foundationdb"
import type { Fdb } from "./client.ts"

export interface Ground {
  /** The keys: what the port calls a key stands behind the prefix of this. */
  readonly keys: Subspace
  /** Bytes before every key. */
  readonly length: number
  readonly layer: DirectoryLayer
}

/**
 * The ground of a path: the whole cluster for the empty one, else a directory partition, created where it is missing. A
 * partition keeps its own directory metadata under its prefix, so what is in it looks as a whole cluster does.
 */
export const openGround = async (fdb: Fdb, tn: Transaction, root: readonly string[]): Promise<Ground> => {
  if (root.length === 0) return groundAt(fdb, Buffer.alloc(0))
  const partition = await fdb.directory.createOrOpen(tn, [...root], "partition")
  return groundAt(fdb, partition.content.prefix)
}

const groundAt = (fdb: Fdb, prefix: Buffer): Ground => ({
  keys: fdb.root.atRaw(prefix),
  length: prefix.length,
  layer: new fdb.DirectoryLayer({
    nodeSubspace: fdb.root.atRaw(Buffer.concat([prefix, Buffer.from([0xfe])])),
    contentSubspace: fdb.root.atRaw(prefix),
  }),
})

/** The prefix of a directory as callers see it: without the ground's own. */
export const prefixOf = async (ground: Ground, tn: Transaction, path: readonly string[]): Promise<Uint8Array | undefined> => {
  if (!(await ground.layer.exists(tn, [...path]))) return undefined
  return (await ground.layer.open(tn, [...path])).content.prefix.subarray(ground.length)
}

export const namesUnder = async (ground: Ground, tn: Transaction, path: readonly string[]): Promise<readonly string[]> => {
  if (!(await ground.layer.exists(tn, [...path]))) return []
  // The library types a name as anything that a tuple may hold; names are texts.
  return (await ground.layer.listAll(tn, [...path])).map(String)
}
