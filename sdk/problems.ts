/** What went wrong and did not stop anybody: said once, and kept for `run.status()`. */

/** So many problems are kept; what comes after is only counted by what it dropped. */
const mostKept = 100

export interface Problems {
  /** Says it, unless it was said before. */
  readonly add: (text: string) => void
  readonly list: () => readonly string[]
}

/** `say` shows a text to people, once for each text. */
export const problemsOf = (say: (text: string) => void): Problems => {
  const known = new Set<string>()
  return {
    add: (text) => {
      if (known.has(text) || known.size >= mostKept) return
      known.add(text)
      say(text)
    },
    list: () => [...known],
  }
}
