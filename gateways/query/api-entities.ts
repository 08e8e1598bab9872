/** What the routes of experiments, tags, notes, dashboards, apps, reports and the project declare. */
import { bodies } from "../../domain/commands.ts"
import {
  badInput,
  bodyOf,
  commandAnswers,
  empty,
  file,
  json,
  nameTaken,
  notThere,
  type Operations,
  tagged,
} from "./api-operation.ts"
import * as parameters from "./api-parameters.ts"
import { type JsonSchema, list, ref } from "./api-schema.ts"

const noteId = { noteId: "The note's id" }

const notesOf = (kind: "run" | "experiment", aKind: string, note: JsonSchema): Operations =>
  tagged("Notes", {
    [`GET /${kind}s/:id/note`]: { summary: `The notes on ${aKind}`, answers: [json(list(note), "The notes"), notThere] },
    [`POST /${kind}s/:id/note`]: {
      summary: `Write a note on ${aKind}`,
      body: bodyOf(bodies.note, { content: "diverged at step 4,000" }),
      answers: [json(ref("NoteCreated"), "Written", 201), ...commandAnswers, notThere],
    },
    [`GET /${kind}s/:id/note/:noteId`]: {
      summary: `A note on ${aKind}`,
      path: noteId,
      answers: [json(ref("Note"), "The note"), notThere],
    },
    [`PUT /${kind}s/:id/note/:noteId`]: {
      summary: `Change a note on ${aKind}`,
      path: noteId,
      body: bodyOf(bodies.note, { content: "converged after all" }),
      answers: [json(ref("Note"), "The note"), ...commandAnswers, notThere],
    },
    [`DELETE /${kind}s/:id/note/:noteId`]: {
      summary: `Delete a note on ${aKind}`,
      path: noteId,
      answers: [json(ref("Status")), ...commandAnswers, notThere],
    },
  })

export const noteOperations: Operations = {
  ...notesOf("run", "a run", ref("RunNote")),
  ...notesOf("experiment", "an experiment", ref("ExperimentNote")),
}

export const experimentOperations: Operations = tagged("Experiments", {
  "GET /experiments": { summary: "All experiments", answers: [json(list(ref("Experiment")), "By id, archived ones too")] },
  "GET /experiments/search": {
    summary: "Experiments by name",
    parameters: [parameters.nameQuery],
    answers: [json(list(ref("Experiment")), "Those whose name has the text")],
  },
  "POST /experiments": {
    summary: "Make an experiment",
    body: bodyOf(bodies.createExperiment, { name: "digits" }),
    answers: [json(ref("IdStatus")), nameTaken, ...commandAnswers],
  },
  "GET /experiments/:id": { summary: "An experiment", answers: [json(ref("Experiment"), "The experiment"), notThere] },
  "PUT /experiments/:id": {
    summary: "Change an experiment",
    says: "A field that is missing or null stays as it is.",
    body: bodyOf(bodies.updateExperiment, { name: "digits, all", description: "with augmentation", archived: false }),
    answers: [json(ref("IdStatus")), nameTaken, ...commandAnswers, notThere],
  },
  "DELETE /experiments/:id": {
    summary: "Delete an experiment",
    says: "Its runs stay, in no experiment.",
    answers: [json(ref("Status")), ...commandAnswers, notThere],
  },
  "GET /experiments/:id/runs": {
    summary: "An experiment's runs",
    parameters: [parameters.experimentRunLimit, parameters.experimentRunOffset],
    answers: [json(ref("ExperimentRuns"), "By run id"), notThere, badInput],
  },
  "GET /experiments/:id/activity": {
    summary: "How many runs were begun in which hour",
    parameters: [parameters.timezone],
    answers: [json(ref("ExperimentActivity"), "Counts"), notThere, badInput],
  },
})

export const tagOperations: Operations = tagged("Tags", {
  "GET /tags": { summary: "All tags", answers: [json(list(ref("Tag")), "By id, archived ones too")] },
  "GET /tags/search": {
    summary: "Tags by name",
    parameters: [parameters.nameQuery],
    answers: [json(list(ref("Tag")), "Those whose name has the text")],
  },
  "POST /tags": {
    summary: "Make a tag",
    body: bodyOf(bodies.createTag, { name: "reviewed", color: "#18ab6d", description: "" }),
    answers: [json(ref("IdStatus")), nameTaken, ...commandAnswers],
  },
  "GET /tags/:id": { summary: "A tag", answers: [json(ref("Tag"), "The tag"), notThere] },
  "PUT /tags/:id": {
    summary: "Change a tag",
    says: "A field that is missing or null stays as it is.",
    body: bodyOf(bodies.updateTag, { name: "looked at", color: "#5b5bd6", archived: false }),
    answers: [json(ref("IdStatus")), nameTaken, ...commandAnswers, notThere],
  },
  "DELETE /tags/:id": {
    summary: "Delete a tag",
    answers: [json({ type: "null" }), ...commandAnswers, notThere],
  },
  "GET /tags/:id/runs": { summary: "The runs that bear a tag", answers: [json(ref("TagRuns"), "By run id"), notThere] },
})

/** Entities that are kept as they are sent. */
const kept = (
  plural: string,
  name: string,
  create: Operations[string]["body"],
  update: Operations[string]["body"],
): Operations => {
  const [path, one] = [`/${plural.toLowerCase()}`, json(ref(name), `The ${name.toLowerCase()}`)]
  const a = `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name.toLowerCase()}`
  return tagged("Dashboards, apps and reports", {
    [`GET ${path}`]: { summary: `All ${plural.toLowerCase()}`, answers: [json(list(ref(name)), "By id")] },
    [`POST ${path}`]: {
      summary: `Make ${a}`,
      ...(create && { body: create }),
      answers: [{ ...one, status: 201 }, ...commandAnswers],
    },
    [`GET ${path}/:id`]: { summary: `Get ${a}`, answers: [one, notThere] },
    [`PUT ${path}/:id`]: {
      summary: `Change ${a}`,
      says: "A field that is missing or null stays as it is.",
      ...(update && { body: update }),
      answers: [one, ...commandAnswers, notThere],
    },
    [`DELETE ${path}/:id`]: { summary: `Delete ${a}`, answers: [empty(), ...commandAnswers, notThere] },
  })
}

export const keptOperations: Operations = {
  ...kept(
    "Dashboards",
    "Dashboard",
    bodyOf(bodies.createDashboard, { name: "losses", description: "", app_id: null }),
    bodyOf(bodies.updateDashboard, { name: "losses, new", description: "by subset" }),
  ),
  ...kept(
    "Apps",
    "App",
    bodyOf(bodies.createApp, { type: "metrics", state: { select: {} } }),
    bodyOf(bodies.updateApp, { type: "metrics", state: { select: { query: "run.active" } } }),
  ),
  ...kept(
    "Reports",
    "Report",
    bodyOf(bodies.createReport, { name: "July", code: "# July", description: "" }),
    bodyOf(bodies.updateReport, { name: "July", code: "# July, done" }),
  ),
}

export const projectOperations: Operations = tagged("Project", {
  "GET /projects": { summary: "The project", answers: [json(ref("Project"), "The project")] },
  "GET /projects/status": { summary: "Whether the project is up to date", answers: [json({ const: "up-to-date" }, "Always")] },
  "GET /projects/activity": {
    summary: "How many runs were begun on which day",
    parameters: [parameters.timezone],
    answers: [json(ref("ProjectActivity"), "Counts"), badInput],
  },
  "GET /projects/params": {
    summary: "Which parameters and sequences the runs have",
    parameters: [parameters.sequence, parameters.excludeParams],
    answers: [
      json(ref("ProjectParams"), "Parameters of all runs, later ones over earlier; contexts by name of sequence"),
      badInput,
    ],
  },
  "GET /projects/pinned-sequences": {
    summary: "The pinned sequences",
    answers: [json(ref("PinnedSequences"), "In their order")],
  },
  "POST /projects/pinned-sequences": {
    summary: "Pin other sequences in place of those that are",
    body: bodyOf(bodies.pinSequences, { sequences: [{ name: "loss", context: { subset: "val" } }] }),
    answers: [json(ref("PinnedSequences"), "What is pinned now"), ...commandAnswers],
  },
})

/** Routes at the root of the server, not below the API's prefix, but for the version. */
export const serverOperations: Operations = tagged("Server", {
  "GET /version": { summary: "Which protocol is spoken", answers: [json(ref("Version"), "The release of the protocol")] },
  "GET /health/live": { summary: "Whether the gateway lives", answers: [json(ref("Health"), "It does")] },
  "GET /health/ready": {
    summary: "Whether what the gateway stands on is there",
    answers: [json(ref("Health"), "Ready"), json(ref("Health"), "Something vital is away", 503)],
  },
  "GET /metrics": { summary: "Metrics for Prometheus", answers: [file("Prometheus' text format", "text/plain")] },
  "GET /openapi.json": { summary: "This document", answers: [json({ type: "object" }, "OpenAPI 3.1")] },
  "GET /docs": { summary: "This document as a page", answers: [file("A page", "text/html")] },
  "GET /": { summary: "What runs here, as a page", answers: [file("A page", "text/html")] },
  "GET /docs/web-ui.md": { summary: "How the stock web UI is used with this server", answers: [file("Markdown", "text/plain")] },
  "GET /docs/streams.md": { summary: "How binary streams are read", answers: [file("Markdown", "text/plain")] },
})
