/** People at the query gateways: commands with the ids they see, and reads that must hold at any time. */
import { Effect } from "effect"
import type { Command } from "../../domain/commands.ts"
import { checkpointOf } from "../../projections/fold.ts"
import { deadLetters } from "../../projections/dead-letters.ts"
import { entities, type Table } from "../../projections/entity-view.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import { runById, tagsOfRun, tracesOf } from "../../projections/run-view.ts"
import type { Outcome } from "../../gateways/dispatch.ts"
import type { Cluster } from "./cluster.ts"
import type { CommandDeed } from "./deeds.ts"
import type { Position } from "../../events/index.ts"
import { nameOf } from "./deeds.ts"
import { planDifferences } from "./law-eleven.ts"
import type { QueryGateway } from "./role.ts"
import { Seen } from "./seen.ts"

/** What became of a command. */
export interface SentCommand {
  readonly command: Command
  readonly outcome: Outcome
}

export const runOf = (index: number): string => `run-${index}`

export class People {
  readonly #cluster: Cluster
  readonly sent: SentCommand[] = []
  #waiting = 0
  readonly #seen: Seen

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#seen = new Seen((what) => cluster.violate(what))
  }

  get isIdle(): boolean {
    return this.#waiting === 0
  }

  /** Commands by a gateway; nothing where none is there. */
  say(deed: CommandDeed): void {
    const gateway = this.#gateway(deed.gateway)
    if (gateway !== undefined) this.#ask(gateway, this.#command(gateway, deed))
  }

  read(run: number): void {
    const gateway = this.#gateway(run)
    if (gateway === undefined) return
    const looked = this.#seen.read(gateway.view, async (rows) => {
      await readAll(rows, runOf(run))
      // Where views do not last, the two ways may be looked at in two of them.
      return this.#cluster.viewsLast ? planDifferences(rows, 4, run * 5) : []
    })
    this.#ask(
      gateway,
      Effect.map(looked, (differences) => differences.forEach((difference) => this.#cluster.violate(difference))),
    )
  }

  #gateway(index: number): QueryGateway | undefined {
    const { queries } = this.#cluster
    return queries[index % Math.max(1, queries.length)]
  }

  /** Runs at a gateway; whoever asked waits no longer when that has crashed. */
  #ask(gateway: QueryGateway, work: Effect.Effect<void, unknown>): void {
    this.#waiting++
    let isOver = false
    const over = (): void => {
      if (!isOver) this.#waiting--
      isOver = true
    }
    const guarded = Effect.catchCause(work, (cause) =>
      Effect.sync(() => {
        const text = String(cause)
        this.#cluster.world.trace(`a request failed: ${text.split("\n")[0] ?? ""}`)
        if (!typed.test(text)) this.#cluster.violate(`a request failed by no typed fault: ${text}`)
      }),
    )
    void gateway.process.run(guarded).then(over)
    this.#cluster.world.after(60_000, () => {
      if (!isOver && gateway.process.isAlive) this.#cluster.violate("a request was not answered within a minute")
      over()
    })
  }

  #command(gateway: QueryGateway, deed: CommandDeed): Effect.Effect<void, unknown> {
    return Effect.gen({ self: this }, function* () {
      const command = yield* this.#seen.read(gateway.view, (rows) => commandOf(rows, deed, gateway.newId))
      if (command === null) return
      const outcome = yield* gateway.dispatch(command, "a test")
      this.#cluster.world.trace(`${command._tag}: ${outcome._tag}`)
      this.sent.push({ command, outcome })
      if (outcome._tag !== "Done") return
      // At any gateway, for what is answered as done is folded.
      this.#ask(gateway, this.#show(gateway, outcome.positions))
      const other = this.#gateway(deed.gateway + 1)
      if (other !== undefined) this.#ask(other, this.#show(other, outcome.positions))
    })
  }

  #show(gateway: QueryGateway, positions: readonly Position[]): Effect.Effect<void, unknown> {
    return Effect.map(
      this.#seen.read(gateway.view, (rows) => notShown(rows, positions)),
      (behind) => {
        if (behind.length > 0) this.#cluster.violate("what was answered as done is not shown")
      },
    )
  }
}

const typed = /LogUnavailable|OutcomeUnknown|StoreUnavailable|TransactionTooLarge|EventTooLarge/

const notShown = async (rows: Rows, positions: readonly Position[]): Promise<readonly Position[]> => {
  const shown = await Promise.all(positions.map(async (one) => (await checkpointOf(rows, one)) > one.offset))
  return positions.filter((_, i) => shown[i] !== true)
}

/** Reads a run as pages do, and finds what must be so in every view. */
const readAll = async (rows: Rows, run: string): Promise<void> => {
  const fields = await runById(rows, run)
  const traces = await tracesOf(rows, run)
  if (fields === undefined) return
  await tagsOfRun(rows, run)
  for (const { name, contextId, kind } of traces) {
    if (kind !== "metric") continue
    const { steps } = await readMetric(rows, run, { name, contextId })
    if (!steps.every((step, i) => i === 0 || step > steps[i - 1]!)) throw new Error(`steps of ${name} are out of order`)
  }
}

/** The id of the entity at a place among those there are, by which `other` picks; null where there is none. */
const idIn = async (rows: Rows, table: Table, other: number): Promise<string | null> => {
  const all = await entities(rows, table)
  return all[other % Math.max(1, all.length)]?.id ?? null
}

const unchanged = { name: null, description: null, archived: null, experiment: null, active: null }

const commandOf = async (rows: Rows, deed: CommandDeed, newId: () => string): Promise<Command | null> => {
  const { what, name, other, flag } = deed
  const runId = runOf(deed.run)
  const update = (fields: Partial<typeof unchanged> | object): Command => ({ _tag: "UpdateRun", runId, ...unchanged, ...fields })
  switch (what) {
    case "rename run":
      return update({ name: `${name} by hand` })
    case "describe run":
      return update({ description: name })
    case "archive run":
      return update({ archived: flag })
    case "set experiment":
      return update({ experiment: name })
    case "leave experiment":
      return update({ experiment: "" })
    case "finish run":
      return { _tag: "FinishRuns", runIds: [runId, runOf(other)] }
    case "reopen run":
      return update({ active: true })
    case "delete run":
      return { _tag: "DeleteRun", runId }
    case "delete runs":
      return flag ? { _tag: "DeleteRuns", runIds: [runId, runOf(other)] } : null
    case "restore run":
      return flag ? { _tag: "RestoreRun", runId } : { _tag: "RestoreRuns", runIds: [runId, runOf(other)] }
    case "rewind run":
      return { _tag: "RewindRun", runId, step: flag ? other : (other + 1) * 2 ** 28 }
    case "lift tombstone":
      return { _tag: "LiftTombstone", runId }
    case "tag run":
      return { _tag: "TagRun", runId, name }
    case "untag run": {
      const [tag] = await tagsOfRun(rows, runId)
      return tag === undefined ? null : { _tag: "UntagRun", runId, tagId: tag.id }
    }
    case "pin":
      return { _tag: "PinSequences", sequences: [{ name, context: new Map() }] }
    case "discard letter": {
      const letter = (await deadLetters(rows, { limit: 10 })).find(({ discarded }) => discarded === null)
      return letter === undefined ? null : { _tag: "DiscardDeadLetter", position: letter.position, reason: "of no use" }
    }
    default:
      return entityCommand(rows, deed, newId)
  }
}

const entityCommand = async (
  rows: Rows,
  { what, name, other, flag, run }: CommandDeed,
  newId: () => string,
): Promise<Command | null> => {
  const kind = what.endsWith("tag") ? "Tag" : "Experiment"
  const id = await idIn(rows, kind === "Tag" ? "tags" : "experiments", other)
  // Most of the usual names are taken soon.
  const newName = flag ? name : `new ${name}`
  switch (what) {
    case "create experiment":
      return { _tag: "CreateExperiment", name }
    case "create tag":
      return { _tag: "CreateTag", name, color: "", description: "" }
    case "rename experiment":
      return id === null ? null : { _tag: "UpdateExperiment", id, name: newName, description: null, archived: null }
    case "archive experiment":
      return id === null ? null : { _tag: "UpdateExperiment", id, name: null, description: name, archived: flag }
    case "rename tag":
      return id === null ? null : { _tag: "UpdateTag", id, name: newName, color: null, description: null, archived: null }
    case "delete experiment":
      return id === null ? null : { _tag: "DeleteExperiment", id }
    case "delete tag":
      return id === null ? null : { _tag: "DeleteTag", id }
    case "create note":
      return { _tag: "CreateNote", id: newId(), owner: { kind: "run", id: runOf(run) }, content: name }
    case "create dashboard":
      return { _tag: "CreateDashboard", id: newId(), name, description: "", appId: null }
    case "create report":
      return { _tag: "CreateReport", id: newId(), name, code: "", description: nameOf(other) }
    default:
      return pageCommand(rows, what, name, other)
  }
}

const pageCommand = async (rows: Rows, what: CommandDeed["what"], name: string, other: number): Promise<Command | null> => {
  if (what === "edit note" || what === "delete note") {
    const all = await entities(rows, "notes")
    const note = all[other % Math.max(1, all.length)]
    const runId = note?.fields.get("run_hash")
    if (note === undefined || typeof runId !== "string") return null
    const owner = { kind: "run" as const, id: runId }
    return what === "delete note"
      ? { _tag: "DeleteNote", id: note.id, owner }
      : { _tag: "EditNote", id: note.id, owner, content: name }
  }
  if (what === "delete dashboard") {
    const id = await idIn(rows, "dashboards", other)
    return id === null ? null : { _tag: "DeleteDashboard", id }
  }
  if (what === "edit report") {
    const id = await idIn(rows, "reports", other)
    return id === null ? null : { _tag: "EditReport", id, name, code: null, description: null }
  }
  return null
}
