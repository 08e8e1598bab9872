import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from "lmdb"
import { type Gate, gateOf } from "./gate.ts"

/** An open LMDB environment, for any number of processes and threads. */
export interface Environment<V, K extends string | Uint8Array> {
  /** For reading. What writes goes through the gate. */
  readonly db: RootDatabase<V, K>
  /** What commits passes through it. */
  readonly gate: Gate
  readonly close: () => Promise<void>
}

/** Opens an environment in a file, whatever other processes do with it. Throws what LMDB does. */
export const openEnvironment = <V, K extends string | Uint8Array>(
  options: RootDatabaseOptionsWithPath & { readonly path: string },
): Environment<V, K> => {
  const { gate, letGo } = gateOf(options.path)
  try {
    const db = gate.pass(() => open<V, K>({ ...options, noSubdir: true }))
    return { db, gate, close: () => db.close().finally(letGo) }
  } catch (error) {
    void letGo()
    throw error
  }
}
