import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decideApp } from "../../domain/app.ts"
import type { RunCommand } from "../../domain/commands.ts"
import { decideDashboard } from "../../domain/dashboard.ts"
import { decideExperiment } from "../../domain/experiment.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { decideNote } from "../../domain/note.ts"
import { decideProject } from "../../domain/project.ts"
import type { Decision } from "../../domain/refusals.ts"
import { decideReport } from "../../domain/report.ts"
import { decideRun, type RunsState } from "../../domain/run.ts"
import { decideTag } from "../../domain/tag.ts"
import { Float } from "../../domain/value.ts"

const noRuns: RunsState = { existing: new Set(), tombstoned: new Set(), restorable: new Set(), boundId: "", isTagged: false }
const withRun = { ...noRuns, existing: new Set(["r"]) }
const unchanged = { name: null, description: null, archived: null, experiment: null, active: null }

const types = (decision: Decision): readonly string[] | string =>
  "refused" in decision ? decision.refused._tag : decision.facts.map(({ type }) => type)

describe("commands about runs", () => {
  test("an update states what it names and nothing else", () => {
    const update = (change: object) => decideRun({ _tag: "UpdateRun", runId: "r", ...unchanged, ...change }, withRun)
    expect(types(update({}))).toEqual([])
    expect(types(update({ name: "n", description: "", archived: true }))).toEqual(["RunRenamed", "RunDescribed", "RunArchived"])
    expect(types(update({ archived: false, active: true }))).toEqual(["RunUnarchived", "RunReopened"])
    expect(update({ active: false })).toEqual({ facts: [{ type: "RunFinished", data: { runId: "r", finishedAt: null } }] })
  })

  test("a run joins the experiment that the spoken name stands for, and leaves it by an empty name", () => {
    const state = { ...withRun, boundId: "e" }
    const set = (experiment: string) => decideRun({ _tag: "UpdateRun", runId: "r", ...unchanged, experiment }, state)
    expect(set("base")).toEqual({
      facts: [{ type: "RunExperimentSet", data: { runId: "r", experimentId: "e", name: "base" } }],
    })
    expect(set("")).toEqual({ facts: [{ type: "RunExperimentSet", data: { runId: "r", experimentId: null, name: null } }] })
  })

  test("a batch passes over ids that are no runs, and names each run once", () => {
    const decision = decideRun({ _tag: "DeleteRuns", runIds: ["r", "ghost", "r"] }, withRun)
    expect(decision).toEqual({ facts: [{ type: "RunDeleted", data: { runId: "r" } }] })
  })

  test("only a tombstone that is there is lifted", () => {
    expect(types(decideRun({ _tag: "LiftTombstone", runId: "r" }, withRun))).toEqual([])
    expect(types(decideRun({ _tag: "LiftTombstone", runId: "r" }, { ...noRuns, tombstoned: new Set(["r"]) }))).toEqual([
      "TombstoneLifted",
    ])
  })

  test("what is in the trash is restored, what was purged is not, and a run that is there need not be", () => {
    const restore = (state: RunsState) => types(decideRun({ _tag: "RestoreRun", runId: "r" }, state))
    const tombstoned = { ...noRuns, tombstoned: new Set(["r"]) }
    expect(restore({ ...tombstoned, restorable: new Set(["r"]) })).toEqual(["RunRestored"])
    expect(restore(withRun)).toEqual([])
    expect(restore(tombstoned)).toBe("RunPurged")
    expect(restore(noRuns)).toBe("RunNotFound")
    const state = { ...withRun, tombstoned: new Set(["a", "b"]), restorable: new Set(["a"]) }
    const decision = decideRun({ _tag: "RestoreRuns", runIds: ["a", "b", "r", "ghost", "a"] }, state)
    expect(decision).toEqual({ facts: [{ type: "RunRestored", data: { runId: "a" } }] })
  })

  test("a run is rewound to whole steps from -1 on", () => {
    const rewind = (step: number, state: RunsState = withRun) => types(decideRun({ _tag: "RewindRun", runId: "r", step }, state))
    expect(rewind(-1)).toEqual(["RunRewound"])
    expect(rewind(100)).toEqual(["RunRewound"])
    for (const wrong of [-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) expect(rewind(wrong)).toBe("InvalidInput")
    expect(rewind(1, noRuns)).toBe("RunNotFound")
  })

  test("a tag that the run does not bear is not taken from it", () => {
    const untag = { _tag: "UntagRun", runId: "r", tagId: "t" } as const
    expect(decideRun(untag, withRun)).toEqual({ refused: { _tag: "TagNotFound", id: "t" } })
    expect(types(decideRun(untag, { ...withRun, isTagged: true }))).toEqual(["RunUntagged"])
  })

  test("no command on unknown runs states anything", () => {
    const id = fc.string()
    const commands: fc.Arbitrary<RunCommand> = fc.oneof(
      fc.record({
        _tag: fc.constant("UpdateRun" as const),
        runId: id,
        name: fc.option(fc.string()),
        description: fc.option(fc.string()),
        archived: fc.option(fc.boolean()),
        experiment: fc.option(fc.string()),
        active: fc.option(fc.boolean()),
      }),
      fc.record({ _tag: fc.constantFrom("DeleteRun" as const, "LiftTombstone" as const), runId: id }),
      fc.record({ _tag: fc.constantFrom("DeleteRuns" as const, "FinishRuns" as const), runIds: fc.array(id) }),
      fc.record({ _tag: fc.constant("ArchiveRuns" as const), runIds: fc.array(id), archived: fc.boolean() }),
      fc.record({ _tag: fc.constant("TagRun" as const), runId: id, name: fc.string() }),
      fc.record({ _tag: fc.constant("UntagRun" as const), runId: id, tagId: id }),
    )
    fc.assert(
      fc.property(commands, fc.boolean(), (command, isTagged) => {
        const decision = decideRun(command, { ...noRuns, boundId: "b", isTagged })
        expect("refused" in decision ? [] : decision.facts).toEqual([])
      }),
    )
  })
})

describe("commands about what bears a name", () => {
  const free = { name: undefined, isTaken: false, boundId: "id" }
  const known = { name: "old", isTaken: false, boundId: "" }

  test("a taken name is refused, for a creation as for a rename", () => {
    const taken = { refused: { _tag: "NameTaken", kind: "experiment", name: "n" } }
    expect(decideExperiment({ _tag: "CreateExperiment", name: "n" }, { ...free, isTaken: true })).toEqual(taken)
    const rename = { _tag: "UpdateExperiment", id: "e", name: "n", description: null, archived: null } as const
    expect(decideExperiment(rename, { ...known, isTaken: true })).toEqual(taken)
    expect(types(decideTag({ _tag: "CreateTag", name: "n", color: "", description: "" }, { ...free, isTaken: true }))).toBe(
      "NameTaken",
    )
  })

  test("a rename tells the name it frees; an empty name, or the one it bears, changes nothing", () => {
    const rename = (name: string) =>
      decideExperiment({ _tag: "UpdateExperiment", id: "e", name, description: null, archived: null }, known)
    expect(rename("new")).toEqual({ facts: [{ type: "ExperimentRenamed", data: { id: "e", from: "old", name: "new" } }] })
    expect(types(rename(""))).toEqual([])
    expect(types(rename("old"))).toEqual([])
  })

  test("what is not there is refused, whatever is wished of it", () => {
    expect(types(decideExperiment({ _tag: "DeleteExperiment", id: "e" }, free))).toBe("ExperimentNotFound")
    expect(types(decideTag({ _tag: "DeleteTag", id: "t" }, free))).toBe("TagNotFound")
    const update = { _tag: "UpdateTag", id: "t", name: "n", color: null, description: null, archived: true } as const
    expect(types(decideTag(update, free))).toBe("TagNotFound")
  })

  test("names that cannot be keys are refused and named", () => {
    const refused = (name: string) => decideExperiment({ _tag: "CreateExperiment", name }, free)
    expect(refused("")).toEqual({ refused: { _tag: "InvalidInput", problem: "name is empty" } })
    expect(types(refused("x".repeat(513)))).toBe("InvalidInput")
    expect(types(refused("\ud800"))).toBe("InvalidInput")
    expect(types(refused("x".repeat(512)))).toEqual(["ExperimentCreated"])
  })

  test("an update of a tag states each of its changes", () => {
    const update = { _tag: "UpdateTag", id: "t", name: "n", color: "#fff", description: "d", archived: true } as const
    expect(types(decideTag(update, known))).toEqual(["TagRenamed", "TagRecolored", "TagDescribed", "TagArchived"])
  })
})

describe("commands about pages", () => {
  test("a note needs its owner to be made, and itself to be changed", () => {
    const create = { _tag: "CreateNote", id: "n", owner: { kind: "run", id: "r" }, content: "c" } as const
    expect(decideNote(create, { hasOwner: false, exists: false })).toEqual({ refused: { _tag: "RunNotFound", id: "r" } })
    expect(decideNote(create, { hasOwner: true, exists: false })).toEqual({
      facts: [{ type: "NoteCreated", data: { id: "n", runId: "r", experimentId: null, content: "c" } }],
    })
    expect(types(decideNote({ ...create, _tag: "EditNote" }, { hasOwner: true, exists: false }))).toBe("NoteNotFound")
    expect(types(decideNote({ ...create, _tag: "DeleteNote" }, { hasOwner: true, exists: true }))).toEqual(["NoteDeleted"])
  })

  test("a deleted dashboard is not deleted again, one that never was is not found", () => {
    const command = { _tag: "DeleteDashboard", id: "d" } as const
    expect(types(decideDashboard(command, { exists: true, isArchived: false }))).toEqual(["DashboardDeleted"])
    expect(types(decideDashboard(command, { exists: true, isArchived: true }))).toEqual([])
    expect(types(decideDashboard(command, { exists: false, isArchived: false }))).toBe("DashboardNotFound")
  })

  test("the state of an app keeps its numbers as they were written", () => {
    const state = new Map([["one", new Float(1)]])
    const decision = decideApp({ _tag: "CreateApp", id: "a", type: "metrics", state }, { exists: false })
    const [fact] = "facts" in decision ? decision.facts : []
    expect(fact?.type === "AppCreated" && decodeValue(fact.data.state)).toEqual(state)
    expect(types(decideApp({ _tag: "EditApp", id: "a", type: null, state }, { exists: false }))).toBe("AppNotFound")
  })

  test("an unknown report is neither edited nor deleted", () => {
    expect(types(decideReport({ _tag: "DeleteReport", id: "x" }, { exists: false }))).toBe("ReportNotFound")
    const edit = { _tag: "EditReport", id: "x", name: null, code: "c", description: null } as const
    expect(types(decideReport(edit, { exists: true }))).toEqual(["ReportEdited"])
  })

  test("more pinned sequences than are kept are refused", () => {
    const pin = (count: number) =>
      decideProject({
        _tag: "PinSequences",
        sequences: Array.from({ length: count }, () => ({ name: "loss", context: new Map() })),
      })
    expect(types(pin(1_000))).toEqual(["SequencesPinned"])
    expect(types(pin(1_001))).toBe("InvalidInput")
  })
})
