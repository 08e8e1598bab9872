/** Nothing that is logged throws into a training: what fails is a problem of the run. */
import type { Logbook } from "../logbook.ts"

/** Does what logs `what`; what it throws is kept as a problem. */
export const attempt = <A>(book: Logbook, what: string, log: () => A): A | undefined => {
  try {
    return log()
  } catch (cause) {
    book.problem(`${what} is not logged: ${wordsOf(cause)}`)
    return undefined
  }
}

/** What anything that was thrown says. */
export const wordsOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const waiting = new WeakMap<Logbook, Promise<void>>()

/**
 * Does what may have to wait for something (a canvas, a file) before it logs `what`, in the order in which it was asked for.
 * Where nothing waits, and it has nothing to wait for, it is done when this returns: not even a kill prevents it then.
 */
export const inTurn = (book: Logbook, what: string, log: () => Promise<void> | void): void => {
  const before = waiting.get(book)
  const work = before === undefined ? attempt(book, what, log) : before.then(log)
  if (work === undefined) return
  const done = work
    .catch((cause: unknown) => book.problem(`${what} is not logged: ${wordsOf(cause)}`))
    .then(() => {
      if (waiting.get(book) === done) waiting.delete(book)
    })
  waiting.set(book, done)
  book.during(done)
}
