/** One request's search: which runs, or sequences of runs, a query means, in the order they are shown in. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { type Budget, type Query, QueryTooDear } from "../../domain/query/index.ts"
import { candidatesOf } from "../../projections/plan-executor.ts"
import type { Rows } from "../../projections/rows.ts"
import { type RunProps, type RunSummary, summaries } from "../../projections/run-summary.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { compareDates, type DatedRun, sortedByDate } from "../../projections/search-dates.ts"
import { factsOf, type LoadedRun, type NeededParts, RunLoader, sequenceFacts } from "../../projections/search-facts.ts"
import { fewRunsOf } from "../../projections/search-sets.ts"
import { HttpFault } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { FirstRuns, ranked } from "./search-order.ts"
import { isByDate, type SortKey } from "./search-sort.ts"
import { clientSignal, rowsInTurns, Turns } from "./streaming.ts"

/** What searches are given of the gateway. */
export type SearchGateway = Pick<Gateway, "read" | "clock" | "blobSecret">

/** A run, and which of its sequences match. */
export interface SequenceMatch {
  readonly run: string
  readonly isMatch: (trace: TraceView) => boolean
}

/** One view is read for at most this long: FoundationDB ends what takes 5 seconds, and LMDB keeps the pages of old views. */
const viewMs = 2_000

/** A plan that tells more runs than this is left, and the runs are walked through in their order. */
const mostCandidates = 20_000
/** The same where a page is to be filled, which a walk does soon where many match. */
const mostForPage = 2_000

/** What a search may cost: steps of evaluation, and time. */
const mostSteps = 200_000_000
const mostMs = 60_000

/** The runs of a page. */
export interface RunPage {
  readonly runs: readonly string[]
  /** How many runs come before the page, of `total` that match. */
  readonly first: number
  readonly total: number
}

/** What a plan tells; `exact` where each of the runs matches. */
interface Told {
  readonly runs: readonly DatedRun[]
  readonly exact: boolean
}

export class Search {
  readonly query: Query
  readonly #gateway: SearchGateway
  readonly #log: FastifyRequest["log"]
  readonly #turns: Turns
  readonly #budget: Budget = { steps: mostSteps }
  readonly #end = performance.now() + mostMs
  #looked = 0

  constructor(gateway: SearchGateway, query: Query, request: FastifyRequest, reply: FastifyReply) {
    this.query = query
    this.#gateway = gateway
    this.#log = request.log
    this.#turns = new Turns(clientSignal(reply))
  }

  /** How many runs were looked at so far. */
  get looked(): number {
    return this.#looked
  }

  /** Reads in one view; the body gives others their turn between runs by {@link turn}, and gives it in long ranges. */
  read<A>(body: (rows: Rows) => Promise<A>): Promise<A> {
    return this.#gateway.read((rows) => body(rowsInTurns(rows, this.#turns)))
  }

  turn(): Promise<void> {
    return this.#turns.give()
  }

  /** The first `most` matching runs, newest first, of those that come after one. */
  async newest(most: number, after: DatedRun | null): Promise<readonly DatedRun[]> {
    const told = await this.#told(true, Number.isFinite(most) ? mostForPage : mostCandidates)
    const left = told && after !== null ? { ...told, runs: told.runs.filter((run) => compareDates(run, after) < 0) } : told
    if (left?.exact === true) return left.runs.slice(0, most)
    const found: DatedRun[] = []
    await this.#visit(left, { newestFirst: true, after }, this.query.needs, ({ fields }) => {
      found.push(dated(fields))
      return found.length < most
    })
    return found
  }

  /** The matching runs in order, after the run `offset` where it is not "", at most `limit` where it is not 0. */
  async page(sort: readonly SortKey[], limit: number, offset: string): Promise<RunPage> {
    const most = limit === 0 ? Infinity : limit
    return isByDate(sort) ? this.#pageByDate(sort[0]?.descending === true, most, offset) : this.#pageBy(sort, most, offset)
  }

  /** The runs with matching sequences among those that are shown, newest first. */
  async sequences(shows: (trace: TraceView) => boolean): Promise<readonly SequenceMatch[]> {
    const told = await this.#told(true, mostCandidates)
    const { needs, traceNames } = this.query
    const found: SequenceMatch[] = []
    const visit = (loaded: LoadedRun) => {
      const facts = factsOf(loaded)
      const shown = (loaded.traces ?? []).filter((trace) => shows(trace) && traceNames?.has(trace.name) !== false)
      const holds = (trace: TraceView) =>
        this.#tooDearAsFault(() => this.query.matches({ run: facts, sequence: sequenceFacts(trace) }, this.#budget))
      // A query that does not look at the sequence is as true of one as of another.
      const matching = needs.sequence ? shown.filter(holds) : told?.exact === true || shown.slice(0, 1).every(holds) ? shown : []
      const keys = new Set(matching.map(keyOf))
      if (keys.size > 0) found.push({ run: loaded.fields.id, isMatch: (trace) => keys.has(keyOf(trace)) })
      return true
    }
    await this.#each(told, { newestFirst: true, after: null }, { ...needs, metrics: true }, visit)
    return found
  }

  /** Does something with one run; where its rows cannot be read that is told in the log, and the others have their answer. */
  async orLeftOut<A>(run: string, act: () => Promise<A>): Promise<A | undefined> {
    try {
      return await act()
    } catch (error) {
      this.#leaveOut(run, error)
      return undefined
    }
  }

  async #pageByDate(newestFirst: boolean, most: number, offset: string): Promise<RunPage> {
    const told = await this.#told(newestFirst, mostCandidates)
    const runs: string[] = []
    let [first, total] = [offset === "" ? 0 : Infinity, 0]
    const add = (run: string) => {
      if (total++ >= first && runs.length < most) runs.push(run)
      if (run === offset) first = total
      return true
    }
    if (told?.exact === true) for (const { run } of told.runs) add(run)
    else await this.#visit(told, { newestFirst, after: null }, this.query.needs, ({ fields }) => add(fields.id))
    return { runs, first: Math.min(first, total), total }
  }

  async #pageBy(sort: readonly SortKey[], most: number, offset: string): Promise<RunPage> {
    const now = this.#gateway.clock()
    const last = offset === "" ? undefined : await this.read((rows) => new RunLoader(rows).load(offset, fieldsOnly))
    const told = await this.#told(true, mostCandidates)
    const found = new FirstRuns(sort, most, last === undefined ? null : ranked(sort, last, now))
    const needs = told?.exact === true ? fieldsOnly : this.query.needs
    await this.#visit(told, { newestFirst: true, after: null }, needs, (run) => {
      found.add(ranked(sort, run, now))
      return true
    })
    const { total, before } = found
    // Nothing comes behind a run that is not there.
    if (offset !== "" && last === undefined) return { runs: [], first: total, total }
    return { runs: found.take().map(({ run }) => run), first: before, total }
  }

  /** The runs that the plan tells in the order of their dates; undefined where they are too many to be worth it. */
  #told(newestFirst: boolean, most: number): Promise<Told | undefined> {
    return this.read(async (rows) => {
      const { set, exact } = await candidatesOf(rows, this.query.plan)
      const runs = await fewRunsOf(set, most)
      return runs === undefined ? undefined : { runs: await sortedByDate(rows, runs, newestFirst), exact }
    })
  }

  /** As {@link Search.#each}, for matching runs. */
  #visit(told: Told | undefined, walk: Walk, needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    const isMatch = told?.exact === true ? () => true : (loaded: LoadedRun) => this.#matches(loaded)
    return this.#each(told, walk, needs, (loaded) => !isMatch(loaded) || visit(loaded))
  }

  /** Loads the runs that are told, or else all, one after the other until `visit` answers false. */
  #each(told: Told | undefined, walk: Walk, needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    return told === undefined ? this.#eachOfAll(walk, needs, visit) : this.#eachOf(told.runs, needs, visit)
  }

  async #eachOf(runs: readonly DatedRun[], needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    for (let next = 0; next < runs.length;)
      next = await this.read(async (rows) => {
        const loader = new RunLoader(rows)
        const until = performance.now() + viewMs
        let i = next
        for (; i < runs.length && performance.now() < until; i++) {
          const { run } = runs[i]!
          const loaded = await this.orLeftOut(run, () => loader.load(run, needs))
          if (loaded !== undefined && !this.#visitOne(loaded, visit)) return runs.length
          await this.#searchTurn()
        }
        return i
      })
  }

  async #eachOfAll(walk: Walk, needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    let after: DatedRun | null | undefined = walk.after
    while (after !== undefined) {
      const from: DatedRun | null = after
      after = await this.read(async (rows) => {
        const loader = new RunLoader(rows)
        const until = performance.now() + viewMs
        for await (const chunk of summaries(rows, { ...walk, after: from })) {
          if (!(await this.#eachIn(chunk, loader, needs, visit))) return undefined
          const last = chunk.at(-1)
          if (last !== undefined && performance.now() >= until) return dated(last)
        }
        return undefined
      })
    }
  }

  /** False where `visit` was. What is known is not waited for, since a promise costs as much as a simple query. */
  async #eachIn(
    chunk: readonly RunSummary[],
    loader: RunLoader,
    needs: NeededParts,
    visit: (run: LoadedRun) => boolean,
  ): Promise<boolean> {
    for (const [i, summary] of chunk.entries()) {
      try {
        const known = loader.complete(summary, needs)
        const loaded = known instanceof Promise ? await known : known
        if (loaded !== undefined && !this.#visitOne(loaded, visit)) return false
      } catch (error) {
        this.#leaveOut(summary.id, error)
      }
      if (i % runsPerTurn === 0) await this.#searchTurn()
    }
    return true
  }

  #visitOne(loaded: LoadedRun, visit: (run: LoadedRun) => boolean): boolean {
    this.#looked++
    return visit(loaded)
  }

  #matches(loaded: LoadedRun): boolean {
    return this.#tooDearAsFault(() => this.query.matches({ run: factsOf(loaded) }, this.#budget))
  }

  #tooDearAsFault<A>(act: () => A): A {
    try {
      return act()
    } catch (error) {
      if (error instanceof QueryTooDear) throw tooDear(error.message)
      throw error
    }
  }

  #leaveOut(run: string, error: unknown): void {
    if (error instanceof HttpFault || (error instanceof Error && "_tag" in error)) throw error
    this.#log.warn({ run, error }, "a run cannot be read and is left out of an answer")
  }

  async #searchTurn(): Promise<void> {
    if (performance.now() > this.#end) throw tooDear(`The query takes longer than ${mostMs / 1_000} seconds`)
    await this.turn()
  }
}

/** Which way all runs are walked through, and behind which one. */
interface Walk {
  readonly newestFirst: boolean
  readonly after: DatedRun | null
}

/** Runs between two looks at the clock. */
const runsPerTurn = 16

const tooDear = (why: string): HttpFault => new HttpFault(422, `${why}; ask for less, or for what an index knows`)

const dated = ({ id, createdAt }: RunProps): DatedRun => ({ run: id, at: createdAt })

const keyOf = ({ contextId, name }: TraceView): string => `${contextId}/${name}`

const fieldsOnly: NeededParts = { attributes: false, metrics: false, tags: false }
