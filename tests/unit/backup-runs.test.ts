/** Backups of runs in the reference's format 1, and what is made of them. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { Float, type Value } from "../../domain/value.ts"
import { type AnyEvent, type AnyFact, catalog } from "../../events/index.ts"
import { logged, onInstallation, runsBackup, runsRestored } from "../support/backups.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"
import { projected } from "../support/projected.ts"
import { catchUp } from "../../projections/worker.ts"

const runId = "0123456789abcdef0123456789abcdef"
const train = new Map<string, Value>([["subset", "train"]])
const [experimentId, tagId] = ["7b9a3f53-0a53-5c1b-9a67-5a8f6f0c9d11", "2f0f1c55-52a1-5b0e-8f5c-0d7f4f0f1e22"]
const sequence = { runId, contextId: contextId(train), context: encodeValue(train) }
const plain = { runId, contextId: 0, context: encodeValue(new Map()) }
const count = 2_000

/** One of everything, at the times that a client would tell. */
const facts: readonly (readonly [AnyFact, number])[] = [
  [catalog.ExperimentCreated({ id: experimentId, name: "base", description: "first" }), 1],
  [catalog.TagCreated({ id: tagId, name: "good", color: "#fff", description: "" }), 1],
  [catalog.DashboardCreated({ id: "d-1", name: "board", description: "", appId: "a-1" }), 2],
  [catalog.AppCreated({ id: "a-1", type: "metrics", state: encodeValue(new Map([["x", new Float(1)]])) }), 2],
  [catalog.ReportCreated({ id: "r-1", name: "report", code: "# x", description: "y" }), 3],
  [catalog.RunCreated({ runId, clientStart: 100.5 }), 100.5],
  [catalog.NoteCreated({ id: "n-1", runId, experimentId: null, content: "on the run" }), 4],
  [
    catalog.PointsLogged({
      ...sequence,
      name: "loss",
      dtype: "float",
      values: Array.from({ length: count }, (_, i) => (i === 7 ? Number.NaN : i === 8 ? Number.POSITIVE_INFINITY : i / 3)),
      steps: Array.from({ length: count }, (_, i) => i * 2),
      epochs: Array.from({ length: count }, (_, i) => i % 5),
      firstTime: 101_000_000,
      timeOffsets: Array.from({ length: count }, (_, i) => i * 1_000 + (i % 7)),
    }),
    102,
  ],
  [
    catalog.ObjectLogged({
      ...plain,
      name: "texts",
      dtype: "text",
      step: 3,
      epoch: 1,
      value: encodeValue(new Map([["data", "hello"]])),
    }),
    103,
  ],
  [catalog.TerminalLinesLogged({ runId, steps: [0, 1], lines: ["one", "two"] }), 104],
  [
    catalog.LogRecordsLogged({
      runId,
      records: [1, 2].map((n) =>
        encodeValue(
          new Map<string, Value>([
            ["message", "m"],
            ["log_level", n],
          ]),
        ),
      ),
    }),
    105,
  ],
  [catalog.RunFinished({ runId, finishedAt: 110.5 }), 110.5],
  [
    catalog.AttributesSet({
      runId,
      paths: [["hparams"], ["free"]],
      values: [
        encodeValue(
          new Map<string, Value>([
            ["lr", 0.1],
            ["n", 3],
            ["f", new Float(3)],
          ]),
        ),
        encodeValue([1, null, "x"]),
      ],
    }),
    120,
  ],
  [catalog.ArtifactLogged({ runId, path: "model.bin", key: `${runId}/model.bin`, contentType: "application/x-model" }), 120],
  [catalog.RunExperimentSet({ runId, experimentId, name: "base" }), 120],
  [catalog.RunTagged({ runId, tagId, name: "good" }), 120],
  [catalog.RunDescribed({ runId, description: "a description" }), 120],
  [catalog.RunRenamed({ runId, name: "named" }), 120],
]

const source = (folder: string) =>
  onInstallation(
    folder,
    logged(facts.map(([fact, at]): AnyEvent => stamped(fact, at))).pipe(
      Effect.andThen(
        BlobStore.use((store) => store.put(`${runId}/model.bin`, Buffer.from("weights"), { contentType: "application/x-model" })),
      ),
    ),
  )

/** What must come out the same: ids of entities are those of this installation, and positions where records stand. */
const comparable = (text: string): readonly string[] =>
  text
    .split("\n")
    .filter(
      (line) =>
        !line.includes('["positions"') &&
        /^(runs|indexes|own\t\["(summary|index|trace|place)|system\t\["(notes|dash|reports))/.test(line),
    )
    .filter((line) => !/experiment_id|"tags",/.test(line))
    .filter((line) => !line.startsWith('own\t["summary"'))

const backedUp = async (packed = false) => {
  const [folder, out] = [freshFolder(), freshFolder()]
  await source(folder)
  return { folder, path: await onInstallation(folder, runsBackup(out, {}, packed)) }
}

it.each([false, true])("a run is the same after its backup was restored elsewhere (packed: %s)", async (packed) => {
  const { folder, path } = await backedUp(packed)
  const target = freshFolder()
  const done = await onInstallation(target, runsRestored(path))
  expect(done).toMatchObject({ known: 0, blobs: 1, leftOut: [] })
  const expected = comparable(await onInstallation(folder, projected))
  expect(expected.length).toBeGreaterThan(80)
  expect(comparable(await onInstallation(target, projected))).toEqual(expected)
  const blob = BlobStore.use((store) => store.info(`${runId}/model.bin`))
  expect(await onInstallation(target, blob)).toMatchObject({ size: 7, contentType: "application/x-model" })
})

it("Law 2: restoring an archive of runs twice is restoring it once", async () => {
  const { path } = await backedUp()
  const target = freshFolder()
  const { appended } = await onInstallation(target, runsRestored(path))
  const before = await onInstallation(target, projected)
  expect(await onInstallation(target, runsRestored(path))).toMatchObject({
    appended: 0,
    known: appended,
    blobs: 0,
    knownBlobs: 1,
  })
  expect(await onInstallation(target, projected)).toBe(before)
})

it("Law 4: a run that was deleted comes back when its backup is restored, and stays once it is", async () => {
  const { path } = await backedUp()
  const target = freshFolder()
  await onInstallation(target, runsRestored(path))
  const before = comparable(await onInstallation(target, projected))
  await onInstallation(target, logged([stamped(catalog.RunDeleted({ runId }), 200)]))
  await onInstallation(target, runsRestored(path))
  expect(comparable(await onInstallation(target, projected))).toEqual(before)
  expect(await onInstallation(target, runsRestored(path))).toMatchObject({ appended: 0 })
})

it("writes format 1 as the reference has it", async () => {
  const { path } = await backedUp()
  const read = (file: string): string => readFileSync(join(path, file), "utf8")
  expect(JSON.parse(read("manifest.json"))).toMatchObject({
    format_version: 1,
    run_count: 1,
    run_hashes: [runId],
    entity_counts: { experiment: 1, tag: 1, dashboard: 1, dashboard_app: 1, report: 1, note: 1 },
    blob_count: 1,
    blob_bytes: 7,
    filters: {},
    include_blobs: true,
  })
  const entityLines = read("entities.jsonl").trim().split("\n")
  expect(entityLines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { entity_type: "experiment", data: { run_count: 1 } },
    { entity_type: "tag", data: { run_count: 1 } },
    ...["dashboard", "dashboard_app", "report", "note"].map((kind) => ({ entity_type: kind })),
  ])
  expect(JSON.parse(read(`runs/${runId}/run.json`))).toMatchObject({
    name: "named",
    created_at: 100.5,
    duration: 10,
    active: false,
  })
  expect(read(`runs/${runId}/attrs.json`)).toContain('"hparams":{"f":3.0,"lr":0.1,"n":3}')
  expect(JSON.parse(read(`runs/${runId}/contexts.json`))).toEqual({ "0": {}, [contextId(train)]: { subset: "train" } })
  expect(read(`runs/${runId}/traces.json`)).toContain(`{"name":"loss","context_id":${contextId(train)},"dtype":"float","last":`)
  const lines = read(`runs/${runId}/sequences.jsonl`).trimEnd().split("\n")
  expect(lines).toContain(`{"ctx_id":${contextId(train)},"name":"loss","step":6,"value":1.0,"epoch":3,"time":101.003003}`)
  expect(lines).toContain(`{"ctx_id":${contextId(train)},"name":"loss","step":14,"value":NaN,"epoch":2,"time":101.007}`)
  expect(lines).toHaveLength(count + 5)
  expect(readFileSync(join(path, `runs/${runId}/blobs/model.bin`), "utf8")).toBe("weights")
})

it("takes the runs that are chosen, and where there are none writes a manifest alone", async () => {
  const [folder, out] = [freshFolder(), freshFolder()]
  await source(folder)
  const chosen = (choice: Parameters<typeof runsBackup>[1]) => onInstallation(folder, runsBackup(out, choice))
  const runsIn = (path: string) =>
    (JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as { run_hashes: unknown }).run_hashes
  expect(runsIn(await chosen({ experiment: "base" }))).toEqual([runId])
  expect(runsIn(await chosen({ since: "1970-01-01T00:01:40Z" }))).toEqual([runId])
  expect(runsIn(await chosen({ since: "1970-01-01T00:01:40" }))).toEqual([runId])
  await expect(chosen({ experiment: "bsae" })).rejects.toThrow("there is no experiment bsae")
  const none = await chosen({ since: "1970-01-01T00:01:41Z" })
  expect(runsIn(none)).toEqual([])
  expect(await onInstallation(freshFolder(), runsRestored(none))).toMatchObject({ appended: 0 })
})

const damages: readonly (readonly [what: string, file: string, damage: (text: string) => string, why: RegExp])[] = [
  ["another version", "manifest.json", (text) => text.replace('"format_version": 1', '"format_version": 2'), /format version 2/],
  ["a run too few", "manifest.json", (text) => text.replace('"run_count": 1', '"run_count": 2'), /counts 2 runs and names 1/],
  ["an entity too few", "entities.jsonl", (text) => text.split("\n").slice(1).join("\n"), /0 of experiment/],
  ["a broken entity", "entities.jsonl", (text) => text.replace("{", "["), /entities\.jsonl, line 1/],
  ["broken attributes", `runs/${runId}/attrs.json`, (text) => text.slice(0, -1), /attrs\.json is damaged/],
  [
    "a broken sample",
    `runs/${runId}/sequences.jsonl`,
    (text) => text.replace(/("step":18),/, "$1"),
    /sequences\.jsonl, line \d+/,
  ],
  ["a cut sample", `runs/${runId}/sequences.jsonl`, (text) => text.slice(0, -20), /sequences\.jsonl, line 2005/],
  [
    "a text for a value",
    `runs/${runId}/sequences.jsonl`,
    (text) => text.replace('"value":NaN', '"value":"x"'),
    /its value is no number/,
  ],
  ["an unknown context", `runs/${runId}/contexts.json`, () => "{}", /contexts\.json has no context/],
  ["an object that is cut", `runs/${runId}/blobs/model.bin`, (text) => text.slice(1), /6 bytes.*manifest says 1 of 7/],
]

it("finds what is damaged and where, and appends nothing", async () => {
  const { path } = await backedUp()
  const target = freshFolder()
  const tried = Effect.gen(function* () {
    yield* catchUp()
    for (const [what, file, damage, why] of damages) {
      const good = readFileSync(join(path, file), "utf8")
      writeFileSync(join(path, file), damage(good))
      const fault = yield* Effect.flip(runsRestored(path))
      expect(fault, what).toMatchObject({ message: expect.stringMatching(why) as string })
      writeFileSync(join(path, file), good)
    }
    return yield* projected
  })
  expect(await onInstallation(target, tried)).toBe("")
  expect(await onInstallation(target, runsRestored(path))).toMatchObject({ blobs: 1 })
})
