/**
 * Which id a name stands for. A name is bound when it is spoken (by a run or a person), and the id goes into the event; so
 * everyone who speaks it must come to the same id. That is the entity that bears the name, or else an id made from the
 * name and from how many ids so made have given it up by a rename or a deletion: a claim by a run and a creation of the same
 * name meet, and a name that was renamed away means a new entity when it is spoken again.
 */
import { createHash } from "node:crypto"
import type { AnyEvent } from "../events/index.ts"

export type NameKind = "experiment" | "tag"

/** What a book reads of an event. */
export interface NameEvent {
  readonly type: AnyEvent["type"]
  readonly data: AnyEvent["data"]
  readonly meta: Pick<AnyEvent["meta"], "writer" | "seq" | "part">
}

/**
 * All names, folded from `control-events` by the same rules as the projections (projections/entities.ts), so that the order
 * of that partition decides for everybody: whoever takes a name first has it, and what came too late changes nothing.
 */
export class NameBook {
  readonly #names = { experiment: new KindOfNames("experiment"), tag: new KindOfNames("tag") }
  /** The last (seq, part) of each writer: an event that was appended again is not greater. */
  readonly #last = new Map<string, readonly [seq: number, part: number]>()

  /** Takes an event into account; most say nothing of names. Events are to come in their order; repeats change nothing. */
  apply(event: NameEvent): void {
    if (!this.#isNew(event.meta)) return
    // The type tells the data, which an interface of both apart does not.
    const { type, data } = event as AnyEvent
    if (type === "ExperimentCreated") this.#names.experiment.created(data.id, data.name)
    else if (type === "ExperimentRenamed") this.#names.experiment.renamed(data.id, data.from, data.name)
    else if (type === "ExperimentDeleted") this.#names.experiment.deleted(data.id, data.name)
    else if (type === "TagCreated") this.#names.tag.created(data.id, data.name)
    else if (type === "TagRenamed") this.#names.tag.renamed(data.id, data.from, data.name)
    else if (type === "TagDeleted") this.#names.tag.deleted(data.id, data.name)
  }

  /** The id that a name stands for now. It changes nothing. */
  bind(kind: NameKind, name: string): string {
    return this.#names[kind].bind(name)
  }

  /** The id of the entity that was given this name by a creation or a rename; what only runs have claimed is not known here. */
  bearer(kind: NameKind, name: string): string | undefined {
    return this.#names[kind].bearer(name)
  }

  #isNew({ writer, seq, part }: NameEvent["meta"]): boolean {
    const last = this.#last.get(writer)
    if (last !== undefined && (seq < last[0] || (seq === last[0] && part <= last[1]))) return false
    this.#last.set(writer, [seq, part])
    return true
  }
}

class KindOfNames {
  readonly #kind: NameKind
  readonly #bearers = new Map<string, string>()
  readonly #nameOf = new Map<string, string>()
  readonly #deleted = new Set<string>()
  /** How many of the ids that were made from a name have given it up. */
  readonly #releases = new Map<string, number>()
  /** Ids made from names, which runs say again and again. */
  readonly #made = new Map<string, string>()

  constructor(kind: NameKind) {
    this.#kind = kind
  }

  created(id: string, name: string): void {
    if (!this.#deleted.has(id) && !this.#nameOf.has(id) && !this.#bearers.has(name)) this.#take(id, name)
  }

  /** `from` tells the name of an entity that only runs have claimed, which is not seen here. */
  renamed(id: string, from: string, name: string): void {
    if (this.#deleted.has(id) || this.#bearers.has(name)) return
    if ((this.#nameOf.get(id) ?? from) !== name) this.#release(id, from)
    this.#take(id, name)
  }

  deleted(id: string, name: string): void {
    if (this.#deleted.has(id)) return
    this.#release(id, name)
    this.#deleted.add(id)
  }

  bearer(name: string): string | undefined {
    return this.#bearers.get(name)
  }

  bind(name: string): string {
    const bearer = this.#bearers.get(name)
    if (bearer !== undefined) return bearer
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const id = this.#make(name)
    if (this.#made.size >= mostMade) this.#made.clear()
    this.#made.set(name, id)
    return id
  }

  #make(name: string): string {
    for (let times = this.#releases.get(name) ?? 0; ; times++) {
      const id = uuid5([this.#kind, name, String(times)].join("\0"))
      // Earlier code counted releases otherwise, so a log may tell of ids of higher numbers.
      if (!this.#isSpent(id, name)) return id
    }
  }

  /** Whether the folds would not take it for this name any more. */
  #isSpent(id: string, name: string): boolean {
    return this.#deleted.has(id) || (this.#nameOf.get(id) ?? name) !== name
  }

  #take(id: string, name: string): void {
    this.#nameOf.set(id, name)
    this.#bearers.set(name, id)
  }

  #release(id: string, from: string): void {
    const name = this.#nameOf.get(id) ?? from
    // Where another bore the name, the id that is made from it is still free, or that of an entity that runs have claimed.
    if (id === this.#make(name)) {
      this.#releases.set(name, (this.#releases.get(name) ?? 0) + 1)
      this.#made.delete(name)
    }
    this.#nameOf.delete(id)
    if (this.#bearers.get(name) === id) this.#bearers.delete(name)
  }
}

/** They can be made anew; more than this are not kept. */
const mostMade = 10_000

/** The namespace of our ids, drawn once. */
const namespace = Buffer.from("5f3c1a9e8d2b4c67a1f09b7e3d5c2a84", "hex")

/** A version 5 UUID (RFC 9562, section 5.5). */
const uuid5 = (name: string): string => {
  const hash = createHash("sha1").update(namespace).update(name).digest().subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const digits = hash.toString("hex")
  return [0, 8, 12, 16, 20].map((at, part) => digits.slice(at, [8, 12, 16, 20, 32][part])).join("-")
}
