export interface FdbTls {
  /** Paths of PEM files: what the cluster's certificates are checked by, and our own certificate and key. */
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** Opens the key. */
  readonly password?: string | undefined
  /** What the certificates of others must say, as the client library writes it: `Check.Valid=1,S.CN=fdb.example.org`. */
  readonly verifyPeers?: string | undefined
}

export interface FdbLimits {
  /** How long a transaction is tried in all, its body's time and its retries included, in milliseconds: 30,000. */
  readonly transactionTimeoutMs: number
  /** Longest wait between two tries, in milliseconds: 1,000. */
  readonly maxRetryDelayMs: number
  /** A divisible transaction above so many bytes is refused: 1,000,000. The cluster itself refuses above 10,000,000. */
  readonly divisibleBytes: number
  /** A divisible transaction that was too old after so many milliseconds is refused: 4,000. The cluster's limit is 5,000. */
  readonly divisibleMs: number
  /** How many waits watch their key at once; those above look again from time to time: 5,000, of the cluster's 10,000. */
  readonly watches: number
}

export const defaultLimits: FdbLimits = {
  transactionTimeoutMs: 30_000,
  maxRetryDelayMs: 1_000,
  divisibleBytes: 1_000_000,
  divisibleMs: 4_000,
  watches: 5_000,
}

/** How a process speaks to clusters. There is one network per process, so all stores of a process must agree on it. */
export interface FdbNetwork {
  /** Of the client library's interface: 710 by default, which its releases from 7.1 on have; 720 at most. */
  readonly apiVersion?: number | undefined
  readonly tls?: FdbTls | undefined
  /** The client library makes faults itself, for tests on a real cluster. */
  readonly buggify?: boolean | undefined
}

export interface FdbOptions extends FdbNetwork {
  /** Path of the cluster file; the client library's own default (`FDB_CLUSTER_FILE`, `/etc/foundationdb/fdb.cluster`) without. */
  readonly clusterFile?: string | undefined
  /**
   * A directory partition that holds everything, for clusters that are shared by several installations or by tests; created
   * where it is missing. None by default: then the directories are exactly the documented ones.
   */
  readonly root?: readonly string[] | undefined
  readonly limits?: Partial<FdbLimits> | undefined
}
