/**
 * What a log means, told a second time and as simply as can be: from the decisions, not from the folds. Control events are
 * applied first and whole, then each run by itself, which is right because they commute.
 */
import { toJson } from "../../domain/json-text.ts"
import { keyOf, type Recorded } from "../../events/index.ts"
import { heard } from "./acknowledged.ts"
import { ModelRun, pairs } from "./model-run.ts"

/** By the place where it is shown, what is shown there, as text. */
export type Told = ReadonlyMap<string, string>

interface Entity {
  deleted: boolean
  /** As a creation or a rename gave it. */
  given: string | undefined
  claimed: string | undefined
  description: string
  archived: boolean
}

type Kind = "experiment" | "tag"

export const modelOf = (records: readonly Recorded[]): Told => {
  const events = heard(records)
  const model = new Model()
  for (const event of events) if (event.position.topic === "control-events") model.control(event)
  for (const event of events) if (event.position.topic === "data-ingestion") model.ofRun(event)
  return model.told()
}

class Model {
  readonly #entities = { experiment: new Map<string, Entity>(), tag: new Map<string, Entity>() }
  readonly #bearers = { experiment: new Map<string, string>(), tag: new Map<string, string>() }
  /** Commands whose naming came too late: the rest of them says nothing either. */
  readonly #lost = new Set<string>()
  readonly #pages = new Map<string, string>()
  readonly #runs = new Map<string, ModelRun>()
  /** Deleted runs, by their deletion. */
  readonly #deleted = new Map<string, string>()

  control(event: Recorded): void {
    const { type, data } = event
    switch (type) {
      case "ExperimentCreated":
      case "TagCreated":
        return this.#create(event, kindOf(type), data.id, data.name)
      case "ExperimentRenamed":
      case "TagRenamed":
        return this.#rename(event, kindOf(type), data.id, data.name)
      case "ExperimentDescribed":
      case "TagDescribed":
        return this.#change(event, kindOf(type), data.id, (entity) => (entity.description = data.description))
      case "ExperimentArchived":
      case "TagArchived":
        return this.#change(event, kindOf(type), data.id, (entity) => (entity.archived = data.archived))
      case "ExperimentDeleted":
      case "TagDeleted":
        return this.#delete(kindOf(type), data.id)
      case "NoteCreated":
        return void this.#pages.set(`notes ${data.id}`, data.content)
      case "NoteEdited":
        return this.#edit(`notes ${data.id}`, data.content)
      case "NoteDeleted":
        return void this.#pages.delete(`notes ${data.id}`)
      case "ReportCreated":
        return void this.#pages.set(`reports ${data.id}`, data.name)
      case "ReportEdited":
        return this.#edit(`reports ${data.id}`, data.name)
      case "ReportDeleted":
        return void this.#pages.delete(`reports ${data.id}`)
      case "DashboardCreated":
        return void this.#pages.set(`dashboards ${data.id}`, data.name)
    }
  }

  ofRun(event: Recorded): void {
    const id = keyOf(event)
    const isDeleted = this.#deleted.has(id)
    switch (event.type) {
      case "TombstoneLifted":
        if (!isDeleted) return
        this.#runs.delete(id)
        return void this.#deleted.delete(id)
      case "RunPurged":
        return void (this.#deleted.get(id) === event.data.deletion && this.#runs.delete(id))
      case "RunRestored":
        return void (this.#runs.has(id) && this.#deleted.delete(id))
    }
    if (isDeleted) return
    const run = this.#runs.get(id) ?? new ModelRun(id)
    this.#runs.set(id, run)
    if (event.type === "RunExperimentSet") this.#claim("experiment", event.data.experimentId, event.data.name)
    if (event.type === "RunTagged") this.#claim("tag", event.data.tagId, event.data.name)
    if (event.type === "RunDeleted") this.#deleted.set(id, event.meta.id)
    else run.apply(event)
  }

  told(): Told {
    const told = new Map(this.#pages)
    for (const [id, run] of this.#runs) if (!this.#deleted.has(id)) this.#tell(told, id, run)
    for (const kind of ["experiment", "tag"] as const)
      for (const [id, { deleted, given, claimed, description, archived }] of this.#entities[kind])
        if (!deleted)
          told.set(`${kind} ${id}`, JSON.stringify([given ?? claimed, description, archived, this.#bearing(kind, id)]))
    for (const kind of ["experiment", "tag"] as const)
      for (const [name, id] of this.#byName(kind)) told.set(`${kind} named ${name}`, id)
    return told
  }

  /** A name leads to the entity that it was given to, else to the smallest id of those that runs claim it for. */
  #byName(kind: Kind): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    for (const [id, { deleted, given, claimed }] of [...this.#entities[kind]].sort())
      if (!deleted && given === undefined && claimed !== undefined && !found.has(claimed)) found.set(claimed, id)
    return new Map([...found, ...this.#bearers[kind]])
  }

  #tell(told: Map<string, string>, id: string, run: ModelRun): void {
    const standing = [...run.tags].filter((tag) => this.#entities.tag.get(tag)?.deleted !== true).sort()
    const { name, description, archived, active, experiment } = run
    const isGone = experiment !== null && this.#entities.experiment.get(experiment)?.deleted === true
    told.set(`run ${id}`, JSON.stringify([name, description, archived, active, isGone ? null : experiment, standing]))
    for (const [sequence, { kind, values }] of run.sequences)
      if (kind === "points") told.set(`points ${id} ${sequence}`, pairs(values))
    if (run.lines.size > 0) told.set(`lines ${id}`, pairs(run.lines))
    if (run.records > 0) told.set(`records ${id}`, String(run.records))
    for (const [path, value] of run.attributes) told.set(`attribute ${id} ${path}`, toJson(value))
  }

  #bearing(kind: Kind, id: string): number {
    return [...this.#runs].filter(
      ([run, { experiment, tags }]) => !this.#deleted.has(run) && (kind === "experiment" ? experiment === id : tags.has(id)),
    ).length
  }

  #entity(kind: Kind, id: string): Entity {
    const entities = this.#entities[kind]
    const entity = entities.get(id) ?? { deleted: false, given: undefined, claimed: undefined, description: "", archived: false }
    entities.set(id, entity)
    return entity
  }

  #claim(kind: Kind, id: string | null, name: string | null): void {
    if (id !== null && name !== null) this.#entity(kind, id).claimed ??= name
  }

  #create(event: Recorded, kind: Kind, id: string, name: string): void {
    const known = this.#entities[kind].get(id)
    const isTaken = this.#bearers[kind].has(name)
    if (isTaken || known?.deleted === true || (known?.given ?? name) !== name) return this.#lose(event)
    this.#give(kind, id, name)
  }

  #rename(event: Recorded, kind: Kind, id: string, name: string): void {
    const bearer = this.#bearers[kind].get(name)
    if (this.#entities[kind].get(id)?.deleted === true || (bearer !== undefined && bearer !== id)) return this.#lose(event)
    this.#give(kind, id, name)
  }

  #give(kind: Kind, id: string, name: string): void {
    const entity = this.#entity(kind, id)
    if (entity.given !== undefined) this.#bearers[kind].delete(entity.given)
    entity.given = name
    this.#bearers[kind].set(name, id)
  }

  #change(event: Recorded, kind: Kind, id: string, change: (entity: Entity) => void): void {
    if (this.#entities[kind].get(id)?.deleted !== true && !this.#lost.has(commandOf(event))) change(this.#entity(kind, id))
  }

  #delete(kind: Kind, id: string): void {
    const entity = this.#entity(kind, id)
    if (!entity.deleted && entity.given !== undefined) this.#bearers[kind].delete(entity.given)
    entity.deleted = true
  }

  #lose(event: Recorded): void {
    this.#lost.add(commandOf(event))
  }

  #edit(page: string, text: string | null): void {
    if (text !== null && this.#pages.has(page)) this.#pages.set(page, text)
  }
}

const kindOf = (type: string): Kind => (type.startsWith("Tag") ? "tag" : "experiment")

const commandOf = ({ meta: { writer, seq } }: Recorded): string => `${writer} ${seq}`
