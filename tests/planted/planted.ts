/** What a planted bug is: a patch of the source text, applied while the module is loaded, and what must notice it. */

export interface PlantedBug {
  readonly name: string
  /** What is wrong with it, in one sentence for the table. */
  readonly wrong: string
  /** From the root of the repository. */
  readonly file: string
  /** Stands exactly once in the file, so that this list cannot rot unnoticed. */
  readonly find: string
  readonly replace: string
  readonly caughtBy: Catcher
}

/** What fails where the bug is; `says` is part of what it says then, so that it fails for no other reason. */
export type Catcher = TestCatcher | SimulationCatcher

export interface TestCatcher {
  readonly test: string
  /** Part of the name of one test, its describe included. */
  readonly named: string
  readonly says: RegExp
}

export interface SimulationCatcher {
  /** The simulation finds it with one of so many seeds, counted from 1. */
  readonly seeds: number
  readonly says: RegExp
}

/** The source with the bug in it. Throws where the patch does not fit the source any more. */
export const withBug = (source: string, { name, file, find, replace }: PlantedBug): string => {
  const times = source.split(find).length - 1
  if (times !== 1) throw new Error(`the planted bug "${name}" does not fit: its text stands ${times} times in ${file}`)
  return source.replace(find, () => replace)
}
