/** The database that spools of browsers are kept in. */
import type { Duty } from "../platform.ts"

/** What a spool is. */
export interface SpoolRow {
  readonly writer: string
  readonly runId: string
  readonly url: string
  /** Milliseconds since 1970. */
  readonly created: number
  /** When its page was last heard of, where there are no locks to tell. */
  readonly beat: number
  /** The number after the last frame that was released; missing where nothing was kept yet. */
  readonly nextSeq?: number
}

export interface FrameRow {
  readonly writer: string
  readonly seq: number
  /** Of the bytes: keys can be counted without what they name. */
  readonly size: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface DutyRow {
  readonly writer: string
  readonly number: number
  readonly duty: Duty
  readonly size: number
  readonly bytes: Uint8Array<ArrayBuffer> | null
}

export const stores = ["spools", "frames", "duties"] as const

/** Opens it, and makes it where it is new. Rejects where the browser keeps nothing, as some private windows do. */
export const openDatabase = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore("spools", { keyPath: "writer" })
      request.result.createObjectStore("frames", { keyPath: ["writer", "seq", "size"] })
      request.result.createObjectStore("duties", { keyPath: ["writer", "number", "size"] })
    })
    request.addEventListener("blocked", () => reject(new Error("another page holds an older form of the spool open")))
    request.addEventListener("error", () => reject(request.error ?? new Error("IndexedDB cannot be opened")))
    request.addEventListener("success", () => {
      // Else a page of a later version could never open it.
      request.result.addEventListener("versionchange", () => request.result.close())
      resolve(request.result)
    })
  })

/** All keys of a writer from a number to another, in the two stores that have numbers. */
export const numbersFrom = (writer: string, from = 0, to = Infinity): IDBKeyRange =>
  // An array comes after all numbers, which are the sizes.
  IDBKeyRange.bound([writer, from], [writer, to, []])

/** What is kept under a key of those two stores. */
export interface Kept {
  readonly number: number
  readonly size: number
}

/** The numbers and sizes of a writer, or of all. */
export const keptIn = async (database: IDBDatabase, store: "frames" | "duties", writer?: string): Promise<readonly Kept[]> => {
  const range = writer === undefined ? undefined : numbersFrom(writer)
  const keys = await answerOf(database.transaction(store).objectStore(store).getAllKeys(range))
  // Their key paths say so.
  return keys.map((key) => key as [string, number, number]).map(([, number, size]) => ({ number, size }))
}

export const answerOf = <A>(request: IDBRequest<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result))
    request.addEventListener("error", () => reject(request.error ?? new Error("IndexedDB failed")))
  })

/** Resolves when a transaction is kept. */
export const done = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve())
    // Whatever fails in it aborts it.
    transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("IndexedDB failed")))
  })
