/**
 * Puts a cluster in memory in the place of the client library's native part, so that all of the library's JavaScript and all
 * of our adapter run without a FoundationDB. Must be called before the library is loaded first.
 */
import { createRequire } from "node:module"
import { Cluster } from "./cluster.ts"
import { retryable, StandInTransaction } from "./native-transaction.ts"

const clusters = new Map<string, Cluster>()

/** A new, empty cluster, and the "cluster file" by which the library opens it. */
export const standInCluster = (): { readonly cluster: Cluster; readonly clusterFile: string } => {
  install()
  const clusterFile = `in-memory:${clusters.size}`
  const cluster = new Cluster()
  clusters.set(clusterFile, cluster)
  return { cluster, clusterFile }
}

/** What was asked of the network, by code. */
export const networkOptions = new Map<number, unknown>()

/** As on a machine without FoundationDB's C library, whether or not this is one. */
export const withoutClientLibrary = (): void =>
  loadInstead(() => {
    throw new Error("libfdb_c.so: cannot open shared object file")
  })

let installed = false

const install = (): void => {
  if (installed) return
  installed = true
  loadInstead(() => nativePart)
}

const loadInstead = (load: () => unknown): void => {
  const here = createRequire(import.meta.url)
  const library = createRequire(here.resolve("foundationdb"))
  const loader = library.resolve("node-gyp-build")
  library(loader)
  const loaded = here.cache[loader]
  if (loaded === undefined) throw new Error("the loader of the native part is not where it was")
  loaded.exports = load
}

/** The library sets its error class here, as it does with the real one. */
const nativePart: {
  FDBError?: new (description: string, code: number) => Error
  readonly [name: string]: unknown
} = {
  setAPIVersion: () => undefined,
  setAPIVersionImpl: () => undefined,
  startNetwork: () => undefined,
  stopNetwork: () => undefined,
  setNetworkOption: (code: number, value: unknown) => void networkOptions.set(code, value),
  errorPredicate: (_: number, code: number) => retryable.has(code),
  createDatabase: (clusterFile?: string) => {
    const cluster = clusters.get(clusterFile ?? "")
    if (cluster === undefined) throw failure(1515)
    return {
      createTransaction: () => new StandInTransaction(cluster, failure),
      setOption: () => undefined,
      close: () => undefined,
    }
  },
}

const failure = (code: number): Error =>
  nativePart.FDBError === undefined ? new Error("no error class") : new nativePart.FDBError(`injected ${code}`, code)
