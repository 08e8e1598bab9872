/** The client library: loaded when it is first needed, since it cannot be where FoundationDB's own C library is not. */
import { isDeepStrictEqual } from "node:util"
import { isMainThread } from "node:worker_threads"
import type { Database } from "foundationdb"
import { StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import type { FdbNetwork, FdbTls } from "./options.ts"

export type Fdb = typeof import("foundationdb")

export interface Client {
  readonly fdb: Fdb
  readonly db: Database
}

/** How the process speaks to clusters, once it does: the library starts one network per process, with the options of then. */
let started: FdbNetwork | undefined

/** Opens a cluster without asking it anything. Fails with StoreUnavailable, which says what is missing. */
export const openClient = async (clusterFile: string | undefined, network: FdbNetwork): Promise<Client> => {
  // The binding keeps what belongs to a thread for the whole process: loaded in a second one, it takes the first one down.
  if (!isMainThread) throw new StoreUnavailable({ message: "FoundationDB's client works in the main thread of a process only" })
  const fdb = await load()
  start(fdb, network)
  try {
    return { fdb, db: fdb.open(clusterFile) }
  } catch (cause) {
    throw new StoreUnavailable({
      message: `FoundationDB cannot be opened by ${clusterFile ?? "its default cluster file"}`,
      cause,
    })
  }
}

const load = async (): Promise<Fdb> => {
  try {
    return await import("foundationdb")
  } catch (cause) {
    throw new StoreUnavailable({
      message:
        "the FoundationDB client library (libfdb_c) cannot be loaded: install the package foundationdb-clients, " +
        "7.1 or newer and of the cluster's release, from https://github.com/apple/foundationdb/releases",
      cause,
    })
  }
}

const start = (fdb: Fdb, { apiVersion = 710, tls = {}, buggify = false }: FdbNetwork): void => {
  const network = { apiVersion, tls: defined(tls), buggify }
  if (isDeepStrictEqual(started, network)) return
  if (started !== undefined)
    throw new StoreUnavailable({
      message: "a process speaks to FoundationDB in one way: its stores differ in API version or TLS",
    })
  try {
    // The second number says which structures the caller knows; told so, an older C library than the binding's is content.
    fdb.setAPIVersion(apiVersion, apiVersion)
    fdb.configNetwork({ ...tlsOptions(network.tls), ...(buggify ? { client_buggify_enable: true } : {}) })
  } catch (cause) {
    throw new StoreUnavailable({
      message: `the FoundationDB client library refuses its options (API version ${apiVersion})`,
      cause,
    })
  }
  started = network
}

const tlsOptions = (tls: FdbTls) => ({
  ...(tls.caFile === undefined ? {} : { TLS_ca_path: tls.caFile }),
  ...(tls.certFile === undefined ? {} : { TLS_cert_path: tls.certFile }),
  ...(tls.keyFile === undefined ? {} : { TLS_key_path: tls.keyFile }),
  ...(tls.password === undefined ? {} : { TLS_password: tls.password }),
  ...(tls.verifyPeers === undefined ? {} : { TLS_verify_peers: Buffer.from(tls.verifyPeers, "utf8") }),
})

const defined = (tls: FdbTls): FdbTls => Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
