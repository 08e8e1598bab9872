/** The project as a whole. */
import type { FastifyInstance } from "fastify"
import { setImmediate as nextTurn } from "node:timers/promises"
import { bodies } from "../../domain/commands.ts"
import { entities } from "../../projections/entity-view.ts"
import { checkpoints } from "../../projections/fold.ts"
import { countRuns, type CreatedRun, pinnedSequences, runsByCreation } from "../../projections/project-view.ts"
import { Vocabulary, type VocabularyPage, vocabularyPage } from "../../projections/vocabulary.ts"
import * as parameters from "./api-parameters.ts"
import { activityMap } from "./activity.ts"
import { bucketOf } from "./buckets.ts"
import { command } from "./commanding.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, exactField, sendJson } from "./json-body.ts"
import { paramsTree } from "./search-tree.ts"
import { namedTraces } from "./traces-in-body.ts"

export const projectRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const vocabularyNow = cachedVocabulary(gateway)

    app.get("/projects", async (_request, reply) => sendJson(reply, project))

    app.get("/projects/status", async (_request, reply) => sendJson(reply, "up-to-date"))

    app.get("/projects/activity", async (request, reply) => {
      const west = parameters.timezone.read(request)
      const { counts, experiments, runs } = await gateway.read(async (rows) => {
        const all: CreatedRun[] = []
        for await (const chunk of runsByCreation(rows)) for (const run of chunk) all.push(run)
        return { counts: await countRuns(rows), experiments: (await entities(rows, "experiments")).length, runs: all }
      })
      return sendJson(reply, {
        num_experiments: experiments,
        num_runs: counts.runs,
        num_archived_runs: counts.archived,
        num_active_runs: counts.active,
        activity_map: activityMap(runs, west, "day"),
      })
    })

    app.get("/projects/params", async (request, reply) => {
      const wanted = parameters.sequence.read(request)
      const withParams = !parameters.excludeParams.read(request)
      const vocabulary = await vocabularyNow(withParams)
      const told = wanted.map((bucket) => [bucket, vocabulary.sequences(bucket)] as const)
      return sendJson(reply, {
        ...(withParams ? { params: paramsTree(vocabulary.params, true) } : {}),
        ...Object.fromEntries(told),
      })
    })

    app.get("/projects/pinned-sequences", async (_request, reply) =>
      sendJson(reply, { sequences: await gateway.read(pinnedSequences) }),
    )

    app.post("/projects/pinned-sequences", async (request, reply) => {
      bodyOf(request, bodies.pinSequences)
      const sequences = namedTraces(exactField(request, "sequences"), "body.sequences")
      return command(gateway, request, reply, { _tag: "PinSequences", sequences }, async () =>
        sendJson(reply, { sequences: await gateway.read(pinnedSequences) }),
      )
    })
  }

const project = { name: "My project", path: "", description: "", telemetry_enabled: 0, warn_index: false, warn_runs: false }

/** What all runs have in common, read anew only when something was folded since; those who ask at once share one reading. */
const cachedVocabulary = (gateway: Gateway): ((withParams: boolean) => Promise<Vocabulary>) => {
  const cached = new Map<boolean, { readonly seen: string; readonly answer: Promise<Vocabulary> }>()
  return async (withParams) => {
    // A rebuild may hold more than what served before, at the same positions: what was a dead letter.
    const seen = JSON.stringify(await gateway.read(async (rows) => [rows.generation.id, ...(await checkpoints(rows))]))
    const known = cached.get(withParams)
    if (known?.seen === seen) return known.answer
    const answer = readVocabulary(gateway, withParams)
    cached.set(withParams, { seen, answer })
    answer.catch(() => cached.delete(withParams))
    return answer
  }
}

/** Runs read in one transaction. */
const pageSize = 100

const readVocabulary = async (gateway: Gateway, withParams: boolean): Promise<Vocabulary> => {
  const vocabulary = new Vocabulary(bucketOf)
  let after: CreatedRun | null = null
  do {
    const from: CreatedRun | null = after
    const page: VocabularyPage = await gateway.read((rows) => vocabularyPage(rows, from, pageSize, withParams))
    vocabulary.add(page)
    after = page.next
    // Reading from memory never waits, so others would not get their turn.
    await nextTurn()
  } while (after !== null)
  return vocabulary
}
