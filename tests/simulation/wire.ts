/** The way between a process and what it asks: where time passes, answers get lost and a crash cuts off. */

export interface Wire {
  /** The request is on its way; done when it arrives, or never. */
  readonly arrive: () => Promise<void>
  /** The answer is on its way back; never done where the asker has crashed. */
  readonly answer: () => Promise<void>
  /** Between two steps of a long request. */
  readonly turn: () => Promise<void>
}

const atOnce = Promise.resolve()

/** Nothing takes time. */
export const calmWire: Wire = { arrive: () => atOnce, answer: () => atOnce, turn: () => atOnce }
