/**
 * Which id a name stands for. A name is bound when it is spoken (by a run or a person), and the id goes into the event; so
 * everyone who speaks it must come to the same id. That is the entity that bears the name, or else an id made from the
 * name and from how often it was released by a rename or a deletion: a claim by a run and a creation of the same name meet,
 * and a name that was renamed away means a new entity when it is spoken again.
 */
import { createHash } from "node:crypto"
import type { AnyEvent } from "../events/index.ts"

export type NameKind = "experiment" | "tag"

/** All names, folded from `control-events`. Applying an event twice changes nothing more only while no other came between. */
export class NameBook {
  readonly #names = { experiment: new KindOfNames("experiment"), tag: new KindOfNames("tag") }

  /** Takes an event into account; most say nothing of names. */
  apply(event: Pick<AnyEvent, "type" | "data">): void {
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
}

class KindOfNames {
  readonly #kind: NameKind
  readonly #bearers = new Map<string, Set<string>>()
  readonly #nameOf = new Map<string, string>()
  readonly #deleted = new Set<string>()
  readonly #releases = new Map<string, number>()
  /** Ids made from names, which runs say again and again. */
  readonly #made = new Map<string, string>()

  constructor(kind: NameKind) {
    this.#kind = kind
  }

  created(id: string, name: string): void {
    if (!this.#deleted.has(id) && !this.#nameOf.has(id)) this.#take(id, name)
  }

  /** `from` tells the name of an entity that only runs have claimed, which is not seen here. */
  renamed(id: string, from: string, name: string): void {
    if (this.#deleted.has(id) || (this.#nameOf.get(id) ?? from) === name) return
    this.#release(id, from)
    this.#take(id, name)
  }

  deleted(id: string, name: string): void {
    if (this.#deleted.has(id)) return
    this.#release(id, name)
    this.#deleted.add(id)
  }

  bind(name: string): string {
    const bearers = this.#bearers.get(name)
    if (bearers !== undefined) return [...bearers].reduce((least, id) => (id < least ? id : least))
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const id = uuid5([this.#kind, name, String(this.#releases.get(name) ?? 0)].join("\0"))
    if (this.#made.size >= mostMade) this.#made.clear()
    this.#made.set(name, id)
    return id
  }

  #take(id: string, name: string): void {
    this.#nameOf.set(id, name)
    const bearers = this.#bearers.get(name) ?? new Set()
    this.#bearers.set(name, bearers.add(id))
  }

  #release(id: string, from: string): void {
    const name = this.#nameOf.get(id) ?? from
    this.#releases.set(name, (this.#releases.get(name) ?? 0) + 1)
    this.#made.delete(name)
    this.#nameOf.delete(id)
    const bearers = this.#bearers.get(name)
    if (bearers?.delete(id) === true && bearers.size === 0) this.#bearers.delete(name)
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
