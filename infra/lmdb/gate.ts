/**
 * LMDB loses a commit where one process opens an environment while another commits to it: the opener reads which transaction
 * was last, and notes it for all a moment later, over what was committed between (ITS#9496, mended in LMDB 0.9.29, but not in
 * the LMDB that lmdb-js 3.5 brings). So all that opens or commits does it one after the other, through a gate: a lock among
 * processes, let go by the system when its holder dies. It is the write lock of an environment beside, to which nothing
 * is ever committed, so that opening that one is harmless.
 */
import { closeSync, fsyncSync, openSync, realpathSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { open } from "lmdb"
import type { BytesDatabase } from "./snapshot.ts"
import { assertSound } from "./sound-file.ts"
import { turns } from "./turns.ts"

/** One for each environment in each thread: a lock that a thread holds it cannot take again. */
export class Gate {
  readonly #db: BytesDatabase
  readonly #inTurn = turns()
  #users = 0
  #isHeld = false

  constructor(path: string) {
    assertSound(path, { isEachFlushed: false })
    this.#db = open<Uint8Array, Uint8Array>({ path, noSubdir: true, overlappingSync: false, maxReaders: 10 })
    // Once there it never changes, so that no power cut can leave it half-written.
    const file = openSync(path, "r")
    fsyncSync(file)
    closeSync(file)
  }

  /** Does something that takes no time to speak of, while nobody else is behind the gate; waits for others, blocking the thread. */
  pass<A>(act: () => A): A {
    return this.#isHeld ? act() : this.#holding(act)
  }

  /**
   * As {@link Gate.pass}, for something that this thread waits for; what it passes meanwhile is behind the gate, too. It must not
   * wait for any other gate, or two processes could wait for each other.
   */
  passing<A>(act: () => Promise<A>): Promise<A> {
    return this.#inTurn(() =>
      this.#holding(async () => {
        this.#isHeld = true
        try {
          return await act()
        } finally {
          this.#isHeld = false
        }
      }),
    )
  }

  /** One more that uses it, until it calls what it gets. */
  use(onUnused: () => void): () => Promise<void> {
    this.#users++
    return async () => {
      if (--this.#users > 0) return
      onUnused()
      await this.#db.close()
    }
  }

  /** A transaction without changes: all that it does is to hold the lock. */
  #holding<A>(act: () => A): A {
    return this.#db.transactionSync(() => {
      // lmdb-js goes on where it could not begin a transaction.
      if (this.#db.getWriteTxnId() === 0) throw new Error("the lock among processes cannot be taken")
      return act()
    })
  }
}

const gates = new Map<string, Gate>()

/** The gate of the environment at a path, and how to let go of it; the folder must be there. */
export const gateOf = (path: string): { readonly gate: Gate; readonly letGo: () => Promise<void> } => {
  const file = `${join(realpathSync(dirname(path)), basename(path))}-gate`
  const gate = gates.get(file) ?? new Gate(file)
  gates.set(file, gate)
  return { gate, letGo: gate.use(() => gates.delete(file)) }
}
