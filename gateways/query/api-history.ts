/** What the routes of the trash, of rewinding and of histories declare. */
import { bodies } from "../../domain/commands.ts"
import { badInput, bodyOf, commandAnswers, error, json, notThere, type Operations, tagged } from "./api-operation.ts"
import * as parameters from "./api-parameters.ts"
import { anyObject, flag, integer, type JsonSchema, list, number, object, orNull, ref, text, time } from "./api-schema.ts"
import type { Parameter } from "./parameter-kinds.ts"

const aRun = "b9c1fd2e8f0a4c55b1c0e7f6a5d4c3b2"

const purged = error(410, "Its time in the trash is over: the data is gone")

const pages = [parameters.historyOrder, parameters.historyLimit, parameters.historyCursor]

const historyOf = (route: string, summary: string, more: readonly Parameter[] = []): Operations =>
  tagged("Trash and history", {
    [`GET /${route}/history`]: {
      summary,
      says: "Read from the log, also of what is deleted and gone. What was appended again is told once; a page may be shorter than its limit.",
      parameters: [...more, ...pages],
      answers: [json(ref("History"), "A page of it"), ...(route.includes(":") ? [notThere] : []), badInput],
    },
  })

export const historyOperations: Operations = {
  ...historyOf("runs/:id", "Who changed what of a run, and when", [parameters.historyStream]),
  ...historyOf("experiments/:id", "Who changed what of an experiment, and when"),
  ...historyOf("tags/:id", "Who changed what of a tag, and when"),
  ...historyOf("notes/:id", "Who changed what of a note, and when"),
  ...historyOf("dashboards/:id", "Who changed what of a dashboard, and when"),
  ...historyOf("apps/:id", "Who changed what of an app, and when"),
  ...historyOf("reports/:id", "Who changed what of a report, and when"),
  ...historyOf("projects", "Who pinned sequences or discarded dead letters, and when"),
  ...tagged("Trash and history", {
    "GET /trash": {
      summary: "The deleted runs",
      says: "Also those whose data is gone, which cannot be restored.",
      parameters: [parameters.trashLimit, parameters.trashCursor],
      answers: [json(ref("Trash"), "A page of them, by their ids"), badInput],
    },
    "POST /runs/:id/restore": {
      summary: "Bring a deleted run back",
      says: "As it was, with its tags and its experiment. Of a run that is not deleted, nothing is to be done.",
      answers: [json(ref("IdStatus")), ...commandAnswers, notThere, purged],
    },
    "POST /runs/restore-batch": {
      summary: "Bring deleted runs back",
      says: "Ids of no run, and of none that can be restored, are passed over.",
      body: bodyOf(bodies.runIds, [aRun]),
      answers: [json(ref("Status")), ...commandAnswers],
    },
    "GET /runs/:id/superseded": {
      summary: "The rewinds of a run",
      parameters: [parameters.historyCursor],
      answers: [json(ref("Rewinds"), "A page of them, oldest first"), badInput],
    },
    "GET /runs/:id/superseded/:offset": {
      summary: "What a rewind dropped",
      says: "Without a name, which sequences; with one, its points. Of objects their steps are told.",
      path: { offset: "The offset of the rewind in the run's partition, as the list of rewinds tells it" },
      parameters: [parameters.sequenceName, parameters.sequenceContext, parameters.pointLimit, parameters.stepCursor],
      answers: [
        json({ anyOf: [ref("SupersededSequences"), ref("SupersededPoints")] }, "What it dropped"),
        notThere,
        error(413, "Too much was logged before it to be gathered"),
        badInput,
      ],
    },
    "POST /runs/:id/rewind": {
      summary: "Take a run back to a step",
      says: "What its metrics and objects hold above the step is dropped, as if it had never been logged; logging goes on from there.",
      body: bodyOf(bodies.rewindRun, { step: 1_000 }),
      answers: [json(ref("IdStatus")), ...commandAnswers, notThere],
    },
  }),
}

const value = { description: "Any JSON; `{omitted_bytes}` in place of a large one" }

export const historySchemas: Readonly<Record<string, JsonSchema>> = {
  History: object({
    entries: list(ref("HistoryEntry")),
    next: orNull(integer("The `cursor` of the next page; null on the last one")),
  }),
  HistoryEntry: object(
    {
      position: text("`topic/partition/offset`"),
      id: text("The event's"),
      at: time,
      server_time: time,
      actor: text(),
      cause: orNull(text("The id of the request, or of the event that it follows from")),
      type: text("The event's type, or `Undecodable`"),
      effect: flag,
      changes: list(object({ what: text(), before: value, after: value }, ["before"])),
      points: object({
        kind: text("`metric`, `image`, …, `lines` or `records`"),
        name: text(),
        context: anyObject,
        count: integer(),
        first_step: orNull(integer("Null: steps were left open")),
        last_step: orNull(integer()),
      }),
      reason: text("Why it cannot be decoded"),
    },
    ["id", "at", "server_time", "actor", "cause", "points", "reason"],
  ),
  Rewinds: object({
    rewinds: list(
      object({
        position: text("`topic/partition/offset`"),
        offset: integer(),
        id: text("The event's"),
        at: time,
        server_time: time,
        actor: text(),
        cause: orNull(text()),
        step: integer(),
      }),
    ),
    next: orNull(integer("The `cursor` of the next page; null on the last one")),
  }),
  SupersededSequences: object({
    sequences: list(
      object({
        name: text(),
        context: anyObject,
        kind: text("`metric` or `object`"),
        count: integer(),
        first_step: orNull(integer()),
        last_step: orNull(integer()),
      }),
    ),
  }),
  SupersededPoints: object({
    name: text(),
    context: anyObject,
    iters: list(integer("A step")),
    values: list(orNull(number("Null: no number, or an object"))),
    timestamps: list(time),
    epochs: list(orNull(integer())),
    next: orNull(integer("The `cursor` of the next page; null on the last one")),
  }),
  Trash: object({
    runs: list(
      object({
        id: text(),
        name: orNull(text("Null once the data is gone")),
        experiment: orNull(object({ id: text(), name: text() })),
        deleted_at: time,
        purge_due_at: orNull(time),
        restorable: flag,
      }),
    ),
    next: orNull(text("The `cursor` of the next page; null on the last one")),
  }),
}
