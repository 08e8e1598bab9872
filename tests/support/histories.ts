/**
 * Generated histories: what gateways append when clients and people do anything at all, in any order, with name books
 * that lag behind the log and events that are appended twice.
 */
import fc from "fast-check"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { NameBook, type NameKind } from "../../domain/names.ts"
import { Float, type Value } from "../../domain/value.ts"
import type { Topic } from "../../events/define.ts"
import { type AnyEvent, type AnyFact, catalog, keyOf, type Recorded } from "../../events/index.ts"
import { recorded, stamped } from "./folding.ts"

/** One partition's events in order. */
export interface PartitionLog {
  readonly topic: Topic
  readonly partition: number
  readonly records: readonly Recorded[]
}

export type History = readonly PartitionLog[]

/** One thing that a client or a person does; `lag` is how many control events its gateway has not seen yet. */
interface Deed {
  readonly act: Act
  readonly run: number
  readonly name: number
  readonly other: number
  readonly lag: number
  readonly at: number
  readonly points: Points
  readonly value: Value
  readonly writer: number
  readonly resend: boolean
}

interface Points {
  readonly steps: readonly number[]
  readonly auto: boolean
  readonly values: readonly number[]
  readonly epochs: boolean
}

const runIds = ["run-a", "run-b", "run-c"] as const
const names = ["base", "best", "x\0y"] as const
const contexts: readonly Value[] = [new Map(), new Map([["subset", "train"]])]
const objectTypes = ["image", "text", "custom"] as const

const kinds = [
  "points",
  "points",
  "points",
  "points",
  "object",
  "lines",
  "records",
  "attributes",
  "attributes",
  "artifact",
  "create",
  "rename",
  "describe",
  "setExperiment",
  "setExperiment",
  "leaveExperiment",
  "tag",
  "tag",
  "untag",
  "archive",
  "unarchive",
  "finish",
  "finishByHand",
  "reopen",
  "delete",
  "restore",
  "rewind",
  "purge",
  "lift",
  "createExperiment",
  "renameExperiment",
  "renameExperiment",
  "describeExperiment",
  "archiveExperiment",
  "deleteExperiment",
  "createTag",
  "renameTag",
  "renameTag",
  "recolorTag",
  "describeTag",
  "archiveTag",
  "deleteTag",
  "note",
  "editNote",
  "deleteNote",
  "dashboard",
  "editDashboard",
  "deleteDashboard",
  "app",
  "editApp",
  "deleteApp",
  "report",
  "editReport",
  "deleteReport",
  "pin",
  "orphan",
  "purgeBlobs",
  "discard",
] as const
type Act = (typeof kinds)[number]

const aNumber = fc.oneof(fc.constantFrom(0, -0, 1, 2, 0.5, Number.NaN, Number.POSITIVE_INFINITY), fc.double())

const points: fc.Arbitrary<Points> = fc.record({
  steps: fc.array(fc.integer({ min: -3, max: 12 }), { minLength: 1, maxLength: 8 }),
  auto: fc.boolean(),
  values: fc.array(aNumber, { minLength: 8, maxLength: 8 }),
  epochs: fc.boolean(),
})

const scalar: fc.Arbitrary<Value> = fc.constantFrom<Value>(null, true, 1, new Float(1), 0.5, "text", "", 2n ** 60n)
const attribute: fc.Arbitrary<Value> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.array(fc.tuple(fc.constantFrom("lr", "opt", "0"), scalar), { maxLength: 3 }).map((entries) => new Map(entries)),
)

const deed: fc.Arbitrary<Deed> = fc.record({
  act: fc.constantFrom(...kinds),
  run: fc.nat(runIds.length - 1),
  name: fc.nat(names.length - 1),
  other: fc.nat(names.length - 1),
  lag: fc.nat(3),
  at: fc.integer({ min: 1, max: 9 }),
  points,
  value: attribute,
  writer: fc.nat(2),
  resend: fc.boolean().map((yes) => yes),
})

/** A history of up to `most` deeds. */
export const aHistory = (most = 40): fc.Arbitrary<History> =>
  fc.array(deed, { minLength: 1, maxLength: most, size: "max" }).map((deeds) => new Gateways().carryOut(deeds))

class Gateways {
  readonly #control: AnyEvent[] = []
  readonly #data: AnyEvent[][] = runIds.map(() => [])
  readonly #spoken = new Set<string>()
  readonly #seq = new Map<string, number>()
  /** Run → the id of its last deletion. */
  readonly #deletions = new Map<string, string>()

  carryOut(deeds: readonly Deed[]): History {
    for (const one of deeds) for (const fact of this.#facts(one)) this.#append(fact, one)
    const data = this.#data.map((events, partition) => ({
      topic: "data-ingestion" as const,
      partition,
      records: recorded("data-ingestion", partition, events),
    }))
    const control = { topic: "control-events" as const, partition: 0, records: recorded("control-events", 0, this.#control) }
    return [...data, control].filter(({ records }) => records.length > 0)
  }

  #append(fact: AnyFact, { at, writer: w, resend }: Deed): void {
    const stream = keyOf(fact)
    const writer = `writer-${w}`
    const seq = (this.#seq.get(stream + writer) ?? -1) + 1
    this.#seq.set(stream + writer, seq)
    const event = stamped(fact, at, { writer, seq, id: `${stream}/${writer}/${seq}` })
    const log = catalog[fact.type].topic === "control-events" ? this.#control : this.#data[runIds.indexOf(stream as "run-a")]!
    log.push(event)
    if (fact.type === "RunDeleted") this.#deletions.set(stream, event.meta.id)
    // The append's outcome was not known, so the gateway appended it again.
    if (resend) log.push({ ...event, meta: { ...event.meta, serverTime: at + 1 } })
  }

  #bind(kind: NameKind, name: string, lag: number): string {
    const book = new NameBook()
    for (const event of this.#control.slice(0, Math.max(0, this.#control.length - lag))) book.apply(event)
    return book.bind(kind, name)
  }

  /** Speaks a name: from now on its entity may be renamed and deleted. */
  #speak(kind: NameKind, name: string, lag: number): string {
    const id = this.#bind(kind, name, lag)
    this.#spoken.add(id)
    return id
  }

  #facts(one: Deed): readonly AnyFact[] {
    const runId = runIds[one.run]!
    return this.#ofRun(one, runId) ?? this.#ofEntity(one) ?? this.#ofPage(one, runId)
  }

  #ofRun(one: Deed, runId: string): readonly AnyFact[] | undefined {
    const name = names[one.name]!
    const context = contexts[one.other % 2]!
    const sequence = { runId, contextId: contextId(context as Map<string, Value>), context: encodeValue(context) }
    switch (one.act) {
      case "points":
        return [pointsOf(one, { ...sequence, name })]
      case "object":
        return [
          {
            type: "ObjectLogged",
            data: {
              ...sequence,
              name,
              dtype: objectTypes[one.other]!,
              step: one.points.auto ? null : one.points.steps[0]!,
              epoch: one.points.epochs ? 3 : null,
              value: encodeValue(one.value),
            },
          },
        ]
      case "lines":
        return [
          {
            type: "TerminalLinesLogged",
            data: { runId, steps: one.points.steps, lines: one.points.steps.map((step) => `line ${step} ${one.at % 2}`) },
          },
        ]
      case "records":
        return [{ type: "LogRecordsLogged", data: { runId, records: [encodeValue(one.value), encodeValue(one.at)] } }]
      case "attributes":
        return [
          {
            type: "AttributesSet",
            data: {
              runId,
              paths: [one.other === 0 ? ["hparams"] : ["hparams", "opt"], ["free"]],
              values: [encodeValue(one.value), encodeValue(one.at)],
            },
          },
        ]
      case "artifact":
        return [{ type: "ArtifactLogged", data: { runId, path: name, key: `${runId}/${name}`, contentType: `t/${one.at}` } }]
      case "create":
        return [{ type: "RunCreated", data: { runId, clientStart: one.at } }]
      case "rename":
        return [{ type: "RunRenamed", data: { runId, name } }]
      case "describe":
        return [{ type: "RunDescribed", data: { runId, description: name } }]
      case "setExperiment":
        return [{ type: "RunExperimentSet", data: { runId, experimentId: this.#speak("experiment", name, one.lag), name } }]
      case "leaveExperiment":
        return [{ type: "RunExperimentSet", data: { runId, experimentId: null, name: null } }]
      case "tag":
        return [{ type: "RunTagged", data: { runId, tagId: this.#speak("tag", name, one.lag), name } }]
      case "untag":
        return [{ type: "RunUntagged", data: { runId, tagId: this.#bind("tag", name, one.lag) } }]
      default:
        return lifeOf(one, runId, this.#deletions.get(runId) ?? "none")
    }
  }

  #ofEntity(one: Deed): readonly AnyFact[] | undefined {
    const kind = one.act.endsWith("Tag") ? "tag" : "experiment"
    const Kind = kind === "tag" ? "Tag" : "Experiment"
    const name = names[one.name]!
    const verb = one.act.slice(0, -Kind.length)
    if (!one.act.endsWith(Kind) || !["create", "rename", "describe", "recolor", "archive", "delete"].includes(verb))
      return undefined
    if (verb === "create") {
      const id = this.#speak(kind, name, one.lag)
      return [
        kind === "tag"
          ? { type: "TagCreated", data: { id, name, color: "red", description: "made" } }
          : { type: "ExperimentCreated", data: { id, name, description: "made" } },
      ]
    }
    // Control commands are decided by what stands, so they see the newest names, and nothing is done to what nobody spoke of.
    const id = this.#bind(kind, name, 0)
    if (!this.#spoken.has(id)) return []
    switch (verb) {
      case "rename":
        return [{ type: `${Kind}Renamed`, data: { id, from: name, name: names[one.other]! } }]
      case "describe":
        return [{ type: `${Kind}Described`, data: { id, description: `described ${one.at}` } }]
      case "recolor":
        return [{ type: "TagRecolored", data: { id, color: `#${one.at}` } }]
      case "archive":
        return [{ type: `${Kind}Archived`, data: { id, archived: one.at % 2 === 0 } }]
      default:
        return [{ type: `${Kind}Deleted`, data: { id, name } }]
    }
  }

  #ofPage({ act, name: n, other, at, value }: Deed, runId: string): readonly AnyFact[] {
    const id = `page-${n}`
    const text = `text ${at}`
    switch (act) {
      case "note":
        return [
          {
            type: "NoteCreated",
            data: { id, runId: other === 0 ? null : runId, experimentId: other === 0 ? "exp" : null, content: text },
          },
        ]
      case "editNote":
        return [{ type: "NoteEdited", data: { id, content: text } }]
      case "deleteNote":
        return [{ type: "NoteDeleted", data: { id } }]
      case "dashboard":
        return [{ type: "DashboardCreated", data: { id, name: text, description: "", appId: other === 0 ? null : "app" } }]
      case "editDashboard":
        return [{ type: "DashboardEdited", data: { id, name: text, description: null } }]
      case "deleteDashboard":
        return [{ type: "DashboardDeleted", data: { id } }]
      case "app":
        return [{ type: "AppCreated", data: { id, type: text, state: encodeValue(value) } }]
      case "editApp":
        return [{ type: "AppEdited", data: { id, type: null, state: encodeValue(value) } }]
      case "deleteApp":
        return [{ type: "AppDeleted", data: { id } }]
      case "report":
        return [{ type: "ReportCreated", data: { id, name: text, code: "", description: "" } }]
      case "editReport":
        return [{ type: "ReportEdited", data: { id, name: null, code: text, description: null } }]
      case "deleteReport":
        return [{ type: "ReportDeleted", data: { id } }]
      case "pin":
        return [{ type: "SequencesPinned", data: { sequences: [{ name: text, context: encodeValue(contexts[other % 2]!) }] } }]
      case "discard":
        return [
          { type: "DeadLetterDiscarded", data: { topic: "data-ingestion", partition: other, offset: 1_000 + n, reason: text } },
        ]
      case "orphan":
        return [{ type: "BlobsOrphaned", data: { runId, deletion: id, before: at } }]
      default:
        return [{ type: "BlobsPurged", data: { runId, deletion: id, removed: at } }]
    }
  }
}

const pointsOf = (
  { points: p, at }: Deed,
  sequence: { runId: string; name: string; contextId: number; context: Uint8Array },
): AnyFact => ({
  type: "PointsLogged",
  data: {
    ...sequence,
    dtype: at % 2 === 0 ? "float" : "int",
    values: p.steps.map((_, i) => p.values[i]!),
    steps: p.auto ? [] : p.steps,
    epochs: p.epochs ? p.steps.map((step) => step + at) : [],
    firstTime: at * 1_000_000,
    timeOffsets: p.steps.map((_, i) => i * 7),
  },
})

const lifeOf = (one: Deed, runId: string, deletion: string): readonly AnyFact[] | undefined => {
  switch (one.act) {
    case "archive":
      return [{ type: "RunArchived", data: { runId } }]
    case "unarchive":
      return [{ type: "RunUnarchived", data: { runId } }]
    case "finish":
      return [{ type: "RunFinished", data: { runId, finishedAt: one.at } }]
    case "finishByHand":
      return [{ type: "RunFinished", data: { runId, finishedAt: null } }]
    case "reopen":
      return [{ type: "RunReopened", data: { runId } }]
    case "delete":
      return [{ type: "RunDeleted", data: { runId } }]
    case "restore":
      return [{ type: "RunRestored", data: { runId } }]
    case "rewind":
      return [{ type: "RunRewound", data: { runId, step: one.points.steps[0]! } }]
    case "purge":
      // Now and then of a deletion that is not, or no longer, the run's.
      return [{ type: "RunPurged", data: { runId, deletion: one.other === 0 ? "another" : deletion } }]
    case "lift":
      return [{ type: "TombstoneLifted", data: { runId } }]
    default:
      return undefined
  }
}
