/** The members of a group that share partitions. Whoever loses one may go on with it for a while, not knowing. */
import type { Partition } from "../../domain/ports/event-log.ts"

export interface Member {
  /** The partitions that are this member's, as far as it knows; `isOver` once it knows better. */
  readonly assignment: () => { readonly partitions: readonly Partition[]; readonly isOver: () => boolean }
  readonly leave: () => void
}

interface Known {
  readonly name: string
  epoch: number
  hasLeft: boolean
  partitions: readonly Partition[]
}

export class Group {
  readonly #partitions: readonly Partition[]
  readonly #onChange: () => void
  readonly #members = new Map<number, Known>()
  #joined = 0
  #epoch = 0
  /** Members hear of a change at once, unless somebody holds the news back and tells it later. */
  hold: (tell: () => void) => void = (tell) => tell()

  constructor(partitions: readonly Partition[], onChange: () => void) {
    this.#partitions = partitions
    this.#onChange = onChange
  }

  join(name: string): Member {
    const id = this.#joined++
    const member: Known = { name, epoch: -1, hasLeft: false, partitions: [] }
    this.#members.set(id, member)
    this.rebalance()
    return {
      assignment: () => {
        const { epoch, partitions } = member
        return { partitions, isOver: () => member.epoch !== epoch }
      },
      leave: () => {
        member.hasLeft = true
        this.#members.delete(id)
        this.rebalance()
      },
    }
  }

  /** Takes members away that a session has run out for; those that live go on until they hear of it, and come back then. */
  evict(name: string, later?: (back: () => void) => void): void {
    const evicted = [...this.#members].filter(([, member]) => member.name === name)
    for (const [id] of evicted) this.#members.delete(id)
    this.rebalance()
    for (const [id, member] of evicted)
      later?.(() => {
        if (member.hasLeft) return
        this.#members.set(id, member)
        this.rebalance()
      })
  }

  /** Shares the partitions anew among those that are there. */
  rebalance(): void {
    const epoch = ++this.#epoch
    const members = [...this.#members.values()]
    for (const [i, member] of members.entries()) {
      const partitions = this.#partitions.filter((_, at) => (at + epoch) % members.length === i)
      this.hold(() => {
        if (member.epoch >= epoch) return
        member.epoch = epoch
        member.partitions = partitions
        this.#onChange()
      })
    }
  }
}
