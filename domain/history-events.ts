/** What each event says of the run or entity whose history is told: fields it sets, a turn of its life, or points. */
import { type AnyEvent, catalog, type EventOf, type EventType, type Recorded } from "../events/index.ts"
import { decodeValue, encodeValue } from "./msgpack.ts"
import { float, type Value } from "./value.ts"

/** Points, objects or lines that were logged to one sequence; the steps are null where the client left them open. */
export interface Points {
  readonly kind: string
  readonly name: string
  /** As msgpack. */
  readonly context: Uint8Array
  readonly count: number
  readonly firstStep: number | null
  readonly lastStep: number | null
}

type Turn = { readonly to: "made" | "deleted" | "restored" | "lifted" } | { readonly to: "purged"; readonly deletion: string }

export type Set = readonly [what: string, value: Value]

export interface Said {
  readonly sets: readonly Set[]
  readonly life: Turn | null
  readonly points: Points | null
  /** The field that makes the event come to nothing once it is set. */
  readonly unlessSet: string | null
  /** What a thing is before anything is said of it. */
  readonly defaults: (event: AnyEvent) => readonly Set[]
}

/** `whose`: the kind of what the history is of; a note is part of that of what it is on, too. */
export const saidBy = (event: Recorded, whose: string): Said => {
  const defaults = catalog[event.type].key === null ? none : runDefaults
  // The record ties each function to the events of its key.
  const say = sayings[event.type] as (event: Recorded) => Partial<Said>
  const said = event.type === "NoteCreated" && whose !== "note" ? noteOn(event) : say(event)
  return { sets: [], life: null, points: null, unlessSet: null, defaults, ...said }
}

const noteOn = ({ data }: EventOf<"NoteCreated">): Partial<Said> => sets([`notes/${data.id}`, data.content])

const none = (): readonly Set[] => []

const runDefaults = (event: AnyEvent): readonly Set[] => [
  ["name", "runId" in event.data ? `Run: ${event.data.runId}` : ""],
  ["description", ""],
  ["archived", false],
  ["active", true],
  ["experiment", null],
  ["finished_at", null],
]

const sets = (...all: readonly Set[]): Partial<Said> => ({ sets: all })
const life = (to: "made" | "deleted" | "restored" | "lifted") => (): Partial<Said> => ({ life: { to } })
/** Null: unchanged. */
const given = (fields: Readonly<Record<string, Value>>): Partial<Said> =>
  sets(...Object.entries(fields).filter(([, value]) => value !== null))
const made = (fields: Readonly<Record<string, Value>>): Partial<Said> => ({
  ...sets(...Object.entries(fields)),
  life: { to: "made" },
})

const lines = (name: string, kind: string, steps: readonly number[] | null, count: number): Partial<Said> => ({
  points: { kind, name, context: noContext, count, ...rangeOf(steps) },
})
const noContext = encodeValue(new Map())

const rangeOf = (steps: readonly number[] | null): Pick<Points, "firstStep" | "lastStep"> => {
  if (steps === null || steps.length === 0) return { firstStep: null, lastStep: null }
  let [firstStep, lastStep] = [steps[0]!, steps[0]!]
  for (const step of steps) {
    firstStep = Math.min(firstStep, step)
    lastStep = Math.max(lastStep, step)
  }
  return { firstStep, lastStep }
}

const sayings: { readonly [T in EventType]: (event: EventOf<T>) => Partial<Said> } = {
  RunCreated: ({ data: { clientStart } }) =>
    sets(["client_start", clientStart === null ? null : float(clientStart)], ["active", true], ["finished_at", null]),
  RunRenamed: ({ data }) => sets(["name", data.name]),
  RunDescribed: ({ data }) => sets(["description", data.description]),
  RunExperimentSet: ({ data: { experimentId, name } }) =>
    sets([
      "experiment",
      experimentId === null
        ? null
        : new Map<string, Value>([
            ["id", experimentId],
            ["name", name],
          ]),
    ]),
  RunTagged: ({ data }) => sets([`tags/${data.tagId}`, data.name]),
  RunUntagged: ({ data }) => sets([`tags/${data.tagId}`, null]),
  RunArchived: () => sets(["archived", true]),
  RunUnarchived: () => sets(["archived", false]),
  RunFinished: ({ data, meta }) => ({
    ...sets(["active", false], ["finished_at", float(data.finishedAt ?? meta.at)]),
    // A person or a job ends a run only once.
    unlessSet: data.finishedAt === null ? "finished_at" : null,
  }),
  RunReopened: () => sets(["active", true], ["finished_at", null]),
  AttributesSet: ({ data }) =>
    sets(...data.paths.map((path, i): Set => [["attributes", ...path].join("/"), decodeValue(data.values[i]!)])),
  ArtifactLogged: ({ data }) => sets([`artifacts/${data.path}`, data.key]),
  RunRewound: ({ data }) => sets(["rewound_to", data.step]),
  RunDeleted: life("deleted"),
  RunRestored: life("restored"),
  RunPurged: ({ data }) => ({ life: { to: "purged", deletion: data.deletion } }),
  TombstoneLifted: life("lifted"),
  BlobsOrphaned: ({ data }) => sets(["objects/orphaned_before", float(data.before)]),
  BlobsPurged: ({ data }) => sets(["objects/removed", data.removed]),
  PointsLogged: ({ data: { name, context, values, steps } }) => ({
    points: { kind: "metric", name, context, count: values.length, ...rangeOf(steps) },
  }),
  ObjectLogged: ({ data: { dtype, name, context, step } }) => ({
    points: { kind: dtype, name, context, count: 1, ...rangeOf(step === null ? null : [step]) },
  }),
  TerminalLinesLogged: ({ data }) => lines("logs", "lines", data.steps, data.lines.length),
  LogRecordsLogged: ({ data }) => lines("__log_records", "records", null, data.records.length),
  ExperimentCreated: ({ data: { name, description } }) => made({ name, description }),
  ExperimentRenamed: ({ data }) => sets(["name", data.name]),
  ExperimentDescribed: ({ data }) => sets(["description", data.description]),
  ExperimentArchived: ({ data }) => sets(["archived", data.archived]),
  ExperimentDeleted: life("deleted"),
  TagCreated: ({ data: { name, color, description } }) => made({ name, color, description }),
  TagRenamed: ({ data }) => sets(["name", data.name]),
  TagRecolored: ({ data }) => sets(["color", data.color]),
  TagDescribed: ({ data }) => sets(["description", data.description]),
  TagArchived: ({ data }) => sets(["archived", data.archived]),
  TagDeleted: life("deleted"),
  NoteCreated: ({ data: { content } }) => made({ content }),
  NoteEdited: ({ data }) => sets(["content", data.content]),
  NoteDeleted: life("deleted"),
  DashboardCreated: ({ data: { name, description, appId } }) => made({ name, description, app_id: appId }),
  DashboardEdited: ({ data: { name, description } }) => given({ name, description }),
  DashboardDeleted: life("deleted"),
  AppCreated: ({ data }) => made({ type: data.type, state: decodeValue(data.state) }),
  AppEdited: ({ data: { type, state } }) => given({ type, state: state === null ? null : decodeValue(state) }),
  AppDeleted: life("deleted"),
  ReportCreated: ({ data: { name, code, description } }) => made({ name, code, description }),
  ReportEdited: ({ data: { name, code, description } }) => given({ name, code, description }),
  ReportDeleted: life("deleted"),
  SequencesPinned: ({ data }) =>
    sets([
      "pinned_sequences",
      data.sequences.map(
        ({ name, context }) =>
          new Map<string, Value>([
            ["name", name],
            ["context", decodeValue(context)],
          ]),
      ),
    ]),
  DeadLetterDiscarded: ({ data: { topic, partition, offset, reason } }) =>
    sets([`dead_letters/${topic}/${partition}/${offset}`, reason]),
}
