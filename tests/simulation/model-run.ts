/** A run of the model: what its events make of it, one after the other. */
import { decodeValue } from "../../domain/msgpack.ts"
import { isMap, type Value } from "../../domain/value.ts"
import type { Recorded } from "../../events/index.ts"

interface Sequence {
  readonly kind: "points" | "object"
  readonly values: Map<number, number>
  last: number
}

export class ModelRun {
  name: string
  description = ""
  archived = false
  active = true
  finished = false
  experiment: string | null = null
  readonly tags = new Set<string>()
  /** Leaves by their paths. */
  readonly attributes = new Map<string, Value>()
  readonly sequences = new Map<string, Sequence>()
  readonly lines = new Map<number, string>()
  records = 0
  readonly recent: string[] = []

  constructor(id: string) {
    this.name = `Run: ${id}`
  }

  /** Everything but its life and death, which others tell. */
  apply(event: Recorded): void {
    const { type, data } = event
    switch (type) {
      case "RunCreated":
        Object.assign(this, { active: true, finished: false })
        return
      case "RunRenamed":
        return void (this.name = data.name)
      case "RunDescribed":
        return void (this.description = data.description)
      case "RunArchived":
      case "RunUnarchived":
        return void (this.archived = type === "RunArchived")
      case "RunFinished":
        Object.assign(this, { active: data.finishedAt === null && this.finished ? this.active : false, finished: true })
        return
      case "RunReopened":
        Object.assign(this, { active: true, finished: false })
        return
      case "RunExperimentSet":
        return void (this.experiment = data.experimentId)
      case "RunTagged":
        return void this.tags.add(data.tagId)
      case "RunUntagged":
        return void this.tags.delete(data.tagId)
      case "AttributesSet":
        for (const [i, path] of data.paths.entries()) replace(this.attributes, path.join("/"), decodeValue(data.values[i]!))
        return
      case "TerminalLinesLogged":
        for (const [i, line] of data.lines.entries())
          this.lines.set(data.steps[i] ?? Math.max(-1, ...this.lines.keys()) + 1, line)
        return
      case "LogRecordsLogged":
        for (const record of data.records) log(this, Buffer.from(record).toString("hex"))
        return
      case "PointsLogged": {
        const sequence = sequenceIn(this, `${data.contextId} ${data.name}`, "points")
        for (const [i, value] of data.values.entries()) place(sequence, data.steps[i] ?? sequence.last + 1, value)
        return
      }
      case "ObjectLogged": {
        const sequence = sequenceIn(this, `${data.contextId} ${data.name}`, "object")
        return place(sequence, data.step ?? sequence.last + 1, 0)
      }
      case "RunRewound":
        for (const [name, sequence] of this.sequences) if (!rewind(sequence, data.step)) this.sequences.delete(name)
        return
      default:
        return
    }
  }
}

/** What stood at the path, or under it, makes way. */
const replace = (leaves: Map<string, Value>, path: string, value: Value): void => {
  for (const leaf of leaves.keys()) if (leaf === path || leaf.startsWith(`${path}/`)) leaves.delete(leaf)
  put(leaves, path, value)
}

const put = (leaves: Map<string, Value>, path: string, value: Value): void => {
  if (!isMap(value)) leaves.set(path, value)
  else for (const [name, each] of value) put(leaves, `${path}/${String(name)}`, each)
}

/** Those of another kind than the first are dead letters, so what is put into them is shown nowhere. */
const sequenceIn = (run: ModelRun, name: string, kind: Sequence["kind"]): Sequence => {
  const known = run.sequences.get(name)
  if (known?.kind === kind) return known
  const made: Sequence = { kind, values: new Map(), last: -1 }
  if (known === undefined) run.sequences.set(name, made)
  return made
}

const place = (sequence: Sequence, step: number, value: number): void => {
  sequence.values.set(step, value)
  sequence.last = Math.max(sequence.last, step)
}

/** Drops what is above the step; whether anything is left. */
const rewind = (sequence: Sequence, step: number): boolean => {
  for (const above of sequence.values.keys()) if (above > step) sequence.values.delete(above)
  sequence.last = Math.max(-1, ...sequence.values.keys())
  return sequence.values.size > 0
}

/** Equal records are one where they are among the last 256. */
const log = (run: ModelRun, record: string): void => {
  if (run.recent.includes(record)) return
  run.recent.push(record)
  if (run.recent.length > 256) run.recent.shift()
  run.records++
}

export const pairs = (values: ReadonlyMap<number, unknown>): string =>
  JSON.stringify([...values].sort(([one], [other]) => one - other))
