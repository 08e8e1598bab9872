/** Three interleaved spirals in the plane: a data set that no straight line divides, drawn from a seed. */

export interface Sample {
  readonly x: number
  readonly y: number
  /** The spiral that it lies on: 0, 1 or 2. */
  readonly label: number
}

export const spirals = 3

/** So many samples of each spiral, between -1 and 1, in random order. */
export const drawSamples = (each: number, noise: number, random: () => number): readonly Sample[] => {
  const samples = Array.from({ length: each * spirals }, (_, i) => {
    const label = i % spirals
    const distance = random()
    const angle = 4 * distance + (label * 2 * Math.PI) / spirals + noise * (random() + random() + random() - 1.5)
    return { x: distance * Math.sin(angle), y: distance * Math.cos(angle), label, place: random() }
  })
  return samples.toSorted((one, other) => one.place - other.place).map(({ x, y, label }) => ({ x, y, label }))
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
