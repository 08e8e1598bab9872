/** Where a Confluent-compatible registry is, and how long it is waited for. */
export interface ConfluentOptions {
  /** Below it lie `/subjects` and `/schemas`: `http://host:8081`, or `http://host:8080/apis/ccompat/v7` for Apicurio. */
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string }
  readonly timeouts?: Partial<ConfluentTimeouts>
  /** Where the ids of the schemas are kept for a start without the registry: a file in the data folder. */
  readonly idsFile?: string
  /** Told what is wrong, whenever that changes; null where nothing is. */
  readonly onTrouble?: (trouble: string | null) => void
}

/** All in seconds. */
export interface ConfluentTimeouts {
  /** After which a request has failed. */
  readonly request: number
  /** Between two asks of a registry that is away, or that does not know an id yet. */
  readonly again: number
  /** How long a start waits for the kept ids to be confirmed before it goes on with them. */
  readonly start: number
  /** How long an id is waited for that the registry does not know. */
  readonly unknown: number
}

export const defaultTimeouts: ConfluentTimeouts = { request: 5, again: 1, start: 2, unknown: 10 }

/** The address without credentials, as it may be shown and kept; throws where it is none. */
export const registryName = (url: string): string => {
  const { protocol, host, pathname } = new URL(url)
  // `registry:8081` is a URL too, of a protocol named registry.
  if (!/^https?:$/.test(protocol)) throw new Error(`${protocol} is not a protocol of registries`)
  return `${protocol}//${host}${pathname.replace(/\/+$/, "")}`
}
