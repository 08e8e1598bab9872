/** FoundationDB's error codes, as far as we decide by them: https://apple.github.io/foundationdb/api-error-codes.html */
import { StoreUnavailable, TransactionTooLarge } from "../../domain/ports/key-value-store.ts"

export const transactionTooOld = 1007
const commitUnknownResult = 1021
const transactionTimedOut = 1031
const clusterVersionChanged = 1039
const tooManyWatches = 1032
const transactionTooLarge = 2101

/** The code of a fault that the client library tells, also as {@link unavailable} wraps it; undefined for anything else. */
export const codeOf = (error: unknown): number | undefined => {
  if (error instanceof StoreUnavailable) return codeOf(error.cause)
  // By its looks and not by its class, which is only there once the library is loaded.
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined
}

/** Whether a commit that ended so may have happened, or may still happen. */
export const isUnknown = (code: number): boolean =>
  code === commitUnknownResult || code === transactionTimedOut || code === clusterVersionChanged

export const isTooLarge = (code: number): boolean => code === transactionTooLarge

export const isTooManyWatches = (error: unknown): boolean => codeOf(error) === tooManyWatches

export const tooLarge = (message: string, bytes: number): TransactionTooLarge => new TransactionTooLarge({ message, bytes })

export const unavailable = (cause: unknown): StoreUnavailable => {
  if (cause instanceof StoreUnavailable) return cause
  const code = codeOf(cause)
  return new StoreUnavailable({ message: `FoundationDB failed${code === undefined ? "" : ` with ${code}`}`, cause })
}

/**
 * Fails with StoreUnavailable where the client library does, so that a body which stands some errors knows this for one of the
 * store's; and remembers it, since a try that failed once is to be made again whatever its body makes of it.
 */
export class Faults {
  #first: unknown

  async told<A>(act: Promise<A>): Promise<A> {
    try {
      return await act
    } catch (error) {
      if (codeOf(error) === undefined) throw error
      this.#first ??= error
      throw unavailable(error)
    }
  }

  /** Fails where anything did. */
  check(): void {
    if (this.#first !== undefined) throw this.#first
  }
}
