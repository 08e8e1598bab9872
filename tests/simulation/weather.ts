/** What is wrong with the world outside of the processes, and how often something goes wrong on the way. */
import { positionName } from "../../domain/positions.ts"
import type { BlobTrouble } from "./blob-store.ts"
import type { AppendFate, LogTrouble } from "./event-log.ts"
import type { CommitFate, StoreTrouble } from "./key-value-store.ts"
import { beginning } from "./process.ts"
import type { Random } from "./random.ts"
import type { World } from "./world.ts"

/** How often, of 1. */
export interface Rates {
  readonly conflict: number
  /** A commit of which the store does not say whether it is done. */
  readonly lostCommit: number
  readonly refusedCommit: number
  /** A read in a view that is too old; only where views do not last. */
  readonly oldView: number
  readonly lostAppend: number
  readonly refusedAppend: number
  /** Batches after which some records are given again. */
  readonly redelivery: number
  /** Milestones of the program at which its process crashes. */
  readonly crash: number
  /** Uploads that break off. */
  readonly brokenUpload: number
}

export type Place = "store" | "log" | "blobs" | "registry"

export class Weather {
  readonly #world: World
  readonly #rates: Rates
  readonly #mostDivisible: number
  readonly #crashes: Random
  readonly #until = new Map<string, number>()
  #isCalm = false
  /** When events were appended, by their positions; in milliseconds from the beginning. */
  readonly appendedAt = new Map<string, number>()

  constructor(world: World, rates: Rates, mostDivisible: number) {
    this.#world = world
    this.#rates = rates
    this.#mostDivisible = mostDivisible
    this.#crashes = world.random("crashes")
  }

  /** A place is away (or full) for so many milliseconds. */
  strike(what: "away" | "full", place: Place, millis: number): void {
    this.#until.set(`${what} ${place}`, this.#world.now + millis)
  }

  /** From now on nothing goes wrong. */
  calm(): void {
    this.#isCalm = true
  }

  /** Whether the process that is at one of the points where a crash matters crashes there. */
  get strikesHere(): boolean {
    return !this.#isCalm && this.#crashes.chance(this.#rates.crash)
  }

  away(place: Place): string | null {
    return this.#is("away", place) ? `the ${place} is away` : null
  }

  store(name: string): StoreTrouble {
    const random = this.#world.random(`store of ${name}`)
    return {
      away: () => this.away("store"),
      full: () => (this.#is("full", "store") ? "the disk of the store is full" : null),
      fate: () => {
        if (this.#isCalm) return "done"
        const { conflict, lostCommit, refusedCommit } = this.#rates
        return pick<CommitFate>(random.next(), "done", [
          ["conflict", conflict],
          ["lost done", lostCommit / 2],
          ["lost undone", lostCommit / 2],
          ["refused", refusedCommit],
        ])
      },
      isTooOld: () => !this.#isCalm && random.chance(this.#rates.oldView),
      mostBytes: 10_000_000,
      mostDivisible: this.#mostDivisible,
      onCommit: (changes) => this.#world.trace(`${name} commits ${changes}`),
    }
  }

  log(name: string): LogTrouble {
    const random = this.#world.random(`log of ${name}`)
    return {
      away: () => this.away("log"),
      full: () => (this.#is("full", "log") ? "the disk of the log is full" : null),
      fate: () => {
        if (this.#isCalm) return "done"
        const { lostAppend, refusedAppend } = this.#rates
        return pick<AppendFate>(random.next(), "done", [
          ["lost", lostAppend / 2],
          ["partly", lostAppend / 4],
          ["late", lostAppend / 4],
          ["refused", refusedAppend],
        ])
      },
      hasPart: () => random.chance(0.5),
      batchLength: () => (random.chance(0.3) ? 1 : 1 + random.int(40)),
      redelivered: () => (!this.#isCalm && random.chance(this.#rates.redelivery) ? random.int(12) : 0),
      muchLater: () => new Promise((resolve) => void this.#world.after(random.next() * 3_000, resolve)),
      onAppend: (positions) => {
        for (const position of positions) {
          this.appendedAt.set(positionName(position), this.#world.now)
          this.#world.trace(`${name} appends ${positionName(position)}`)
        }
      },
    }
  }

  blobs(name: string): BlobTrouble {
    const random = this.#world.random(`blobs of ${name}`)
    return {
      away: () => this.away("blobs"),
      breaksOff: () => !this.#isCalm && random.chance(this.#rates.brokenUpload),
      isUnlisted: (modified) => !this.#isCalm && modified * 1_000 - beginning > this.#world.now - listingLag,
    }
  }

  #is(what: "away" | "full", place: Place): boolean {
    return !this.#isCalm && this.#world.now < (this.#until.get(`${what} ${place}`) ?? 0)
  }
}

/** After so many milliseconds an object is listed. */
const listingLag = 700

const pick = <A>(drawn: number, otherwise: A, odds: readonly (readonly [A, number])[]): A => {
  let left = drawn
  for (const [one, probability] of odds) {
    if (left < probability) return one
    left -= probability
  }
  return otherwise
}
