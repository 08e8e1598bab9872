/** FoundationDB's error codes, as far as we decide by them: https://apple.github.io/foundationdb/api-error-codes.html */
import { StoreUnavailable, TransactionTooLarge } from "../../domain/ports/key-value-store.ts"

export const transactionTooOld = 1007
const commitUnknownResult = 1021
const transactionTimedOut = 1031
const clusterVersionChanged = 1039
const tooManyWatches = 1032
const transactionTooLarge = 2101

/** The code of a fault that the client library tells; undefined for anything else that is thrown. */
export const codeOf = (error: unknown): number | undefined =>
  // Compared by name and not by class: the class is only there once the library is loaded.
  error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined

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
