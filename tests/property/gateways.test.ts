/** The laws of several gateways on one log, over any interleaving of their commands, their reading and the folds. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type NameKind, NameBook } from "../../domain/names.ts"
import type { Recorded } from "../../events/index.ts"
import { idByName } from "../../projections/entities.ts"
import { bed, withoutPositions } from "../support/folding.ts"
import { SideBySide, type Told } from "../support/side-by-side.ts"

const names = ["base", "best"] as const
const kinds = ["experiment", "tag"] as const
const gateways = 2

interface Move {
  readonly act: (typeof acts)[number]
  readonly gateway: number
  readonly kind: NameKind
  readonly name: (typeof names)[number]
  /** Which of the entities that are shown. */
  readonly which: number
  readonly rare: boolean
}

const acts = [
  "create",
  "rename",
  "rename",
  "delete",
  "claim",
  "tagRun",
  "race",
  "race",
  "race",
  "overtake",
  "land",
  "land",
  "land",
  "fold",
  "fold",
  "fold",
  "foldData",
  "follow",
  "follow",
  "restart",
] as const

const move: fc.Arbitrary<Move> = fc.record({
  act: fc.constantFrom(...acts),
  gateway: fc.nat(gateways - 1),
  kind: fc.constantFrom(...kinds),
  name: fc.constantFrom(...names),
  which: fc.nat(3),
  rare: fc.nat(9).map((n) => n < 3),
})

const make = async (side: SideBySide, { act, gateway, kind, name, which, rare }: Move): Promise<unknown> => {
  const experiment = kind === "experiment"
  switch (act) {
    case "create":
      return side.send(
        gateway,
        experiment ? { _tag: "CreateExperiment", name } : { _tag: "CreateTag", name, color: "red", description: "made" },
      )
    case "rename": {
      const id = await anyOf(side, kind, which)
      // More than a name, so that a lost race could leave half of the command.
      const wanted = { id, name, description: `as ${name} by ${gateway}`, archived: null }
      return side.send(
        gateway,
        experiment ? { _tag: "UpdateExperiment", ...wanted } : { _tag: "UpdateTag", ...wanted, color: "blue" },
      )
    }
    case "delete":
      return side.send(gateway, { _tag: experiment ? "DeleteExperiment" : "DeleteTag", id: await anyOf(side, kind, which) })
    case "claim": {
      const id = side.bind(gateway, kind, name)
      const runId = `run-${which}`
      return side.state(
        experiment
          ? { type: "RunExperimentSet", data: { runId, experimentId: id, name } }
          : { type: "RunTagged", data: { runId, tagId: id, name } },
      )
    }
    case "tagRun":
      return side.send(gateway, { _tag: "TagRun", runId: `run-${which}`, name })
    case "race":
      // Both decide before either's events are folded, and then give one name to two.
      await make(side, { act: rare ? "create" : "rename", gateway, kind, name, which, rare })
      await make(side, { act: "rename", gateway: 1 - gateway, kind, name, which: which + 1, rare })
      await side.land(gateway, "answered")
      return side.land(1 - gateway, "answered")
    case "overtake": {
      // The id that the one has bound is taken and given up again before what it states comes into the log.
      await make(side, { act: "create", gateway, kind, name, which, rare })
      await make(side, { act: "create", gateway: 1 - gateway, kind, name, which, rare })
      await side.conclude(1 - gateway)
      const id = (await side.read((rows) => idByName(rows, kind, name))) ?? "none"
      await side.send(1 - gateway, { _tag: experiment ? "DeleteExperiment" : "DeleteTag", id })
      return side.conclude(1 - gateway)
    }
    case "land":
      return side.land(gateway, rare ? "lost" : "answered")
    case "fold":
      return side.fold("control-events")
    case "foldData":
      return side.fold("data-ingestion")
    case "follow":
      return side.follow(gateway)
    default:
      return side.restart(gateway)
  }
}

/** The id of some entity that the store shows. */
const anyOf = async (side: SideBySide, kind: NameKind, which: number): Promise<string> => {
  const rows = await side.read((read) => read.under("system", [`${kind}s`]))
  const ids = [...new Set(rows.map(({ rest }) => String(rest[0])))]
  return ids[which % Math.max(1, ids.length)] ?? "none"
}

const afterAll = async (moves: readonly Move[], check: (side: SideBySide) => Promise<void>): Promise<void> => {
  const side = await SideBySide.of(gateways)
  try {
    // Something to be renamed and deleted.
    for (const name of ["one", "two"]) {
      await side.send(0, { _tag: "CreateExperiment", name })
      await side.send(1, { _tag: "CreateTag", name, color: "", description: "" })
      await side.finish()
    }
    for (const one of moves) await make(side, one)
    await side.finish()
    await check(side)
  } finally {
    await side.close()
  }
}

const moves = fc.array(move, { minLength: 10, maxLength: 60, size: "max" })
const options = { numRuns: Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 12) }

describe("several gateways", () => {
  it("Law 10: what is left is as if the refused commands had never been sent", async () => {
    await fc.assert(
      fc.asyncProperty(moves, (history) =>
        afterAll(history, async (side) => {
          expect(await stateOf(without(side, side.told))).toBe(await stateOf(side.log))
        }),
      ),
      options,
    )
  })

  it("come to one id for every name, which is the one that the store shows", async () => {
    await fc.assert(
      fc.asyncProperty(moves, (history) =>
        afterAll(history, async (side) => {
          const book = bookOf(side.log["control-events"])
          for (const kind of kinds)
            for (const name of names) {
              const id = book.bind(kind, name)
              for (let gateway = 0; gateway < gateways; gateway++) expect(side.bind(gateway, kind, name)).toBe(id)
              expect([undefined, id]).toContain(await side.read((rows) => idByName(rows, kind, name)))
              const bearer = book.bearer(kind, name)
              if (bearer !== undefined) expect(await side.read((rows) => idByName(rows, kind, name))).toBe(bearer)
            }
        }),
      ),
      options,
    )
  })

  it("show what they say is done, the moment that it is folded", async () => {
    await fc.assert(
      fc.asyncProperty(moves, (history) =>
        afterAll(history, async (side) => {
          for (const { outcome } of side.told) {
            if (outcome === "unknown" || outcome._tag !== "Done") continue
            for (const [i, { type, data }] of outcome.facts.entries()) {
              const shown = side.shownAfter.get(firstOffset(side, outcome.positions[i]?.offset ?? -1))
              if (type.endsWith("Deleted") && "id" in data) expect(shown?.name).toBeUndefined()
              else if (/(Experiment|Tag)(Created|Renamed)$/.test(type) && "id" in data && "name" in data)
                expect(shown).toEqual({ name: data.name, idByName: data.id })
            }
          }
        }),
      ),
      options,
    )
  })

  it("try all ends that a command can have", async () => {
    const ends = new Set<string>()
    for (const history of fc.sample(moves, { numRuns: 40, seed: 11 }))
      await afterAll(history, async ({ log, told }) => {
        const attempts = new Set(log["control-events"].map(({ meta }) => `${meta.cause} ${meta.seq}`))
        if (told.some(({ cause }) => [...attempts].filter((one) => one.startsWith(`${cause} `)).length > 1)) ends.add("again")
        for (const { outcome } of told) {
          if (outcome === "unknown") ends.add(outcome)
          else ends.add(outcome._tag === "Refused" ? outcome.refused._tag : outcome._tag)
        }
      })
    expect([...ends]).toEqual(expect.arrayContaining(["Done", "NameTaken", "ExperimentNotFound", "again"]))
  })
})

/** Where the event at an offset was appended first: there it was folded. */
const firstOffset = ({ log }: SideBySide, offset: number): number => {
  const control = log["control-events"]
  return control.findIndex(({ meta }) => meta.id === control[offset]?.meta.id)
}

/** The log without what refused commands, and attempts that were made again, stated. */
const without = ({ log }: SideBySide, told: readonly Told[]): SideBySide["log"] => {
  const refused = new Set(
    told.filter(({ outcome }) => outcome !== "unknown" && outcome._tag === "Refused").map(({ cause }) => cause),
  )
  const last = new Map<string, number>()
  for (const { meta } of Object.values(log).flat())
    if (meta.cause !== null) last.set(meta.cause, Math.max(meta.seq, last.get(meta.cause) ?? 0))
  const stands = ({ meta }: Recorded): boolean =>
    meta.cause === null || (!refused.has(meta.cause) && last.get(meta.cause) === meta.seq)
  return { "control-events": log["control-events"].filter(stands), "data-ingestion": log["data-ingestion"].filter(stands) }
}

const stateOf = async (log: SideBySide["log"]): Promise<string> => {
  const store = await bed()
  try {
    for (const topic of ["control-events", "data-ingestion"] as const) {
      const records = log[topic].map((record, offset) => ({ ...record, position: { ...record.position, offset } }))
      if (records.length > 0) await store.fold({ topic, partition: 0 }, records)
    }
    // The refused commands stand in the log, so what comes after them stands elsewhere.
    return withoutPositions(await store.text())
  } finally {
    await store.close()
  }
}

const bookOf = (records: readonly Recorded[]): NameBook => {
  const book = new NameBook()
  for (const record of records) book.apply(record)
  return book
}
