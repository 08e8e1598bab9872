/** The bytes of all unanswered frames of a gateway. */
export class Budget {
  readonly #most: number
  readonly #onRoom: () => void
  #taken = 0

  /** `onRoom` hears when a spent budget has room again. */
  constructor(most: number, onRoom: () => void) {
    this.#most = most
    this.#onRoom = onRoom
  }

  get spent(): boolean {
    return this.#taken >= this.#most
  }

  take(bytes: number): void {
    this.#taken += bytes
  }

  give(bytes: number): void {
    const wasSpent = this.spent
    this.#taken -= bytes
    if (wasSpent && !this.spent) this.#onRoom()
  }
}
