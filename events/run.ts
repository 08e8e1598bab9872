import { array, bytes, double, event, long, nullable, string } from "./define.ts"

const run = { topic: "data-ingestion", key: "runId" } as const

/** A client opened the run, for the first time or again. */
export const RunCreated = event("RunCreated", {
  ...run,
  fields: { runId: string, /** Unix seconds by the client's clock. */ clientStart: nullable(double) },
})

export const RunRenamed = event("RunRenamed", { ...run, fields: { runId: string, name: string } })

export const RunDescribed = event("RunDescribed", { ...run, fields: { runId: string, description: string } })

/** The run belongs to an experiment from now on; both null: to none. The name was bound to the id when it was spoken. */
export const RunExperimentSet = event("RunExperimentSet", {
  ...run,
  fields: { runId: string, experimentId: nullable(string), name: nullable(string) },
})

export const RunTagged = event("RunTagged", { ...run, fields: { runId: string, tagId: string, name: string } })

export const RunUntagged = event("RunUntagged", { ...run, fields: { runId: string, tagId: string } })

export const RunArchived = event("RunArchived", { ...run, fields: { runId: string } })

export const RunUnarchived = event("RunUnarchived", { ...run, fields: { runId: string } })

/** The run ended. `finishedAt` (Unix seconds) is the client's own time, null when a person or a job ended it. */
export const RunFinished = event("RunFinished", { ...run, fields: { runId: string, finishedAt: nullable(double) } })

/** A person marked the run active again. */
export const RunReopened = event("RunReopened", { ...run, fields: { runId: string } })

/** Subtrees of the run's attributes were replaced, in this order; `values` are msgpack. */
export const AttributesSet = event("AttributesSet", {
  ...run,
  fields: { runId: string, paths: array(array(string)), values: array(bytes) },
})

/** An object in the blob store was attached to the run. `key` is the store's, `path` the artifact's own. */
export const ArtifactLogged = event("ArtifactLogged", {
  ...run,
  fields: { runId: string, path: string, key: string, contentType: string },
})

/** What the run's metrics and objects hold above `step` counts no more, as if it had never been logged; logging goes on from there. */
export const RunRewound = event("RunRewound", { ...run, fields: { runId: string, step: long } })

/** The run is gone from every read and index; its data waits in the trash. */
export const RunDeleted = event("RunDeleted", { ...run, fields: { runId: string } })

/** A run came back out of the trash as it was. */
export const RunRestored = event("RunRestored", { ...run, fields: { runId: string } })

/**
 * The trash period is over: the data of the deleted run is cleared, its tombstone stays. `deletion` is the id of the
 * RunDeleted event, so that a run that was restored and deleted again meanwhile keeps its own period.
 */
export const RunPurged = event("RunPurged", { ...run, fields: { runId: string, deletion: string } })

/** The id may be used again: what remains is cleared and the tombstone lifted. */
export const TombstoneLifted = event("TombstoneLifted", { ...run, fields: { runId: string } })

/** Objects under `<runId>/` last modified before `before` (Unix seconds) belong to nobody; `deletion` is the id of the RunDeleted event. */
export const BlobsOrphaned = event("BlobsOrphaned", {
  topic: "control-events",
  fields: { runId: string, deletion: string, before: double },
})

/** The orphaned objects are removed. */
export const BlobsPurged = event("BlobsPurged", {
  topic: "control-events",
  fields: { runId: string, deletion: string, removed: long },
})
