/** What goes wrong in one try of a transaction. */
export type TryFault =
  | { readonly at: "read"; /** How many reads go well before. */ readonly after: number; readonly code: number }
  | { readonly at: "commit"; readonly code: number; /** Whether it is committed nevertheless. */ readonly applied: boolean }

/** Asked once for every try that begins. */
export type TryFaults = () => TryFault | undefined

/** How a watch goes wrong: it fails, or tells of a change that was none. */
export type WatchFault = "fails" | "fires" | undefined

export interface Faults {
  readonly ofTry: TryFaults
  readonly ofWatch: () => WatchFault
}

export const noFaults: Faults = { ofTry: () => undefined, ofWatch: () => undefined }

/** Faults that a caller of the library must stand without telling anyone: about every third try, the same for a seed. */
export const seededFaults = (seed: number): Faults => {
  const random = generator(seed)
  const oneOf = <A>(from: readonly A[]): A => from[Math.floor(random() * from.length)]!
  return {
    ofTry: () => {
      const chance = random()
      if (chance < 0.12) return { at: "read", after: Math.floor(random() * 12), code: oneOf([1007, 1009, 1037]) }
      if (chance < 0.36) return { at: "commit", ...oneOf(commitFaults) }
      return undefined
    },
    ofWatch: () => (random() < 0.3 ? oneOf(["fails", "fires"]) : undefined),
  }
}

const commitFaults = [
  { code: 1007, applied: false },
  { code: 1020, applied: false },
  { code: 1021, applied: false },
  { code: 1021, applied: true },
  { code: 1039, applied: false },
  { code: 1039, applied: true },
] as const

/** Numbers from 0 to 1 that a seed decides (the generator known as mulberry32). */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
