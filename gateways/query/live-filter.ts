/** Which events a client of the stream has asked for. */
import { type Budget, type Query, QueryTooDear } from "../../domain/query/index.ts"
import { factsOf, RunLoader } from "../../projections/search-facts.ts"
import type { Gateway } from "./gateway.ts"
import { jsonText } from "./json-body.ts"
import type { LiveEvent, Slice, Topic } from "./live-slices.ts"

export interface Asked {
  readonly topics: ReadonlySet<Topic>
  /** Null: any run. */
  readonly runs: ReadonlySet<string> | null
  /** Null: any run; else those that match, `names` tells that it asks for names of experiments or tags. */
  readonly query: { readonly compiled: Query; readonly names: boolean } | null
}

/** The data to send for an event, as JSON; null where it was not asked for. */
export type Judgement = (event: LiveEvent) => string | null

/** So many runs are remembered; one that was forgotten is told of once more though it does not match. */
const mostRemembered = 10_000
/** What the evaluation of one slice may cost, in steps. */
const mostSteps = 20_000_000
/** Runs evaluated in one transaction. */
const pageSize = 100

export class LiveFilter {
  readonly #read: Gateway["read"]
  readonly #asked: Asked
  /** Whether a run matched when it was last looked at. */
  readonly #matched = new Map<string, boolean>()

  constructor(read: Gateway["read"], asked: Asked) {
    this.#read = read
    this.#asked = asked
  }

  /** Undefined where it cannot be told which runs match now. */
  async judge({ events }: Slice): Promise<Judgement | undefined> {
    const { query } = this.#asked
    if (query === null) return (event) => (this.#isAsked(event) ? event.text : null)
    if (query.names && events.some(renames)) return undefined
    const runs = new Set(events.filter((event) => this.#isAsked(event)).flatMap(({ run }) => (run === null ? [] : [run])))
    const matching = await this.#matching(query.compiled, [...runs])
    if (matching === undefined) return undefined
    const told = new Set([...runs].filter((run) => matching.has(run) || this.#matched.get(run) !== false))
    for (const run of runs) this.#remember(run, matching.has(run))
    return (event) => {
      if (!this.#isAsked(event)) return null
      if (event.run === null) return event.text
      return told.has(event.run) ? jsonText({ ...event.data, matches: matching.has(event.run) }) : null
    }
  }

  #isAsked({ topic, run }: LiveEvent): boolean {
    return this.#asked.topics.has(topic) && (run === null || this.#asked.runs?.has(run) !== false)
  }

  async #matching(query: Query, runs: readonly string[]): Promise<ReadonlySet<string> | undefined> {
    const matching = new Set<string>()
    const budget: Budget = { steps: mostSteps }
    try {
      for (let i = 0; i < runs.length; i += pageSize)
        await this.#read(async (rows) => {
          const loader = new RunLoader(rows)
          for (const run of runs.slice(i, i + pageSize)) {
            const loaded = await loader.load(run, query.needs)
            if (loaded !== undefined && query.matches({ run: factsOf(loaded) }, budget)) matching.add(run)
          }
        })
      return matching
    } catch (error) {
      if (error instanceof QueryTooDear) return undefined
      throw error
    }
  }

  #remember(run: string, matches: boolean): void {
    this.#matched.delete(run)
    if (this.#matched.size >= mostRemembered)
      for (const oldest of this.#matched.keys()) {
        this.#matched.delete(oldest)
        break
      }
    this.#matched.set(run, matches)
  }
}

/** Any number of runs may match, or no longer, for another name of what they belong to, though nothing is said of them. */
const renames = ({ topic, data }: LiveEvent): boolean =>
  topic === "entities" && (data["kind"] === "experiment" || data["kind"] === "tag") && data["change"] !== "created"
