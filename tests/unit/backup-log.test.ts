/** A backup of the log, restored: what must be the same, and what is found when it is damaged. */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { open } from "lmdb"
import { expect, it } from "vitest"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { AnyEvent, AnyFact } from "../../events/index.ts"
import { recordKey, recordValue } from "../../infra/lmdb/log-rows.ts"
import { logBackup, logChecked, logged, logRestored, onInstallation } from "../support/backups.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"
import { aHistory, type History } from "../support/histories.ts"
import { named, projected } from "../support/projected.ts"

/** All events; discards name positions that these logs do not have. */
const eventsOf = (history: History): readonly AnyEvent[] =>
  history
    .flatMap(({ records }) => records)
    .filter(({ type }) => type !== "DeadLetterDiscarded")
    .map(({ type, data, meta }) => ({ type, data, meta }) as AnyEvent)

const withoutPositions = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !line.includes('["positions"'))
    .join("\n")

const offsets = EventLog.use((log) => Effect.map(log.ends, (ends) => ends.map(({ offset }) => offset)))
const texts = Effect.map(projected, withoutPositions)

it("Law 1: a backup of the log restored into an empty system folds to the same, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(aHistory(25), fc.boolean(), async (history, packed) => {
      const [source, target, other, out] = [freshFolder(), freshFolder(), freshFolder(), freshFolder()]
      const events = eventsOf(history)
      const [path, before] = await onInstallation(
        source,
        logged(events).pipe(Effect.andThen(Effect.all([logBackup(out, { packed }), projected]))),
      )
      expect(await onInstallation(target, Effect.andThen(logRestored(path), projected))).toBe(before)
      // With another number of partitions all but where the records stand is the same.
      expect(await onInstallation(other, Effect.andThen(logRestored(path), texts), 5)).toBe(withoutPositions(before))
    }),
    { numRuns: 2 },
  )
})

const facts = (count: number, from = 0): readonly AnyEvent[] =>
  Array.from({ length: count }, (_, i) => stamped(named(`run-${i % 3}`, `name ${from + i}`), 1 + from + i))

const put = (key: string, text: string) =>
  BlobStore.use((store) => store.put(key, Buffer.from(text), { contentType: "text/plain" }))

/** A log with an object, backed up. */
const backedUp = async (packed = false): Promise<{ readonly source: string; readonly out: string; readonly path: string }> => {
  const [source, out] = [freshFolder(), freshFolder()]
  const path = await onInstallation(
    source,
    logged(facts(20)).pipe(Effect.andThen(put("run-0/a", "content")), Effect.andThen(logBackup(out, { packed }))),
  )
  return { source, out, path }
}

it("Law 2: restoring twice, or into the system it came from, appends nothing", async () => {
  const { source, path } = await backedUp()
  const again = await onInstallation(source, Effect.all([logRestored(path), offsets]))
  expect(again[0]).toMatchObject({ appended: 0, known: 20, blobs: 0, knownBlobs: 1 })
  const target = freshFolder()
  const first = await onInstallation(target, Effect.all([logRestored(path), offsets]))
  expect(first[0]).toMatchObject({ appended: 20, known: 0, blobs: 1 })
  expect(await onInstallation(target, Effect.all([logRestored(path), offsets]))).toMatchObject([
    { appended: 0, known: 20 },
    first[1],
  ])
})

it("a restore that was cut short goes on when it is begun again", async () => {
  const { source, path } = await backedUp()
  const target = freshFolder()
  const records = await onInstallation(
    source,
    EventLog.use((log) => Stream.runCollect(log.source(new Map()))),
  )
  const first = [...records].find(({ topic }) => topic === "data-ingestion")!
  // What such a restore leaves: the first events of a partition, which nobody has folded yet.
  const some = first.records.slice(0, 3).map((record) => record as AnyEvent)
  await onInstallation(
    target,
    EventLog.use((log) => log.append(some)),
  )
  expect(await onInstallation(target, logRestored(path))).toMatchObject({ appended: 17, known: 3 })
  expect(await onInstallation(target, projected)).toBe(await onInstallation(source, projected))
})

it("an incremental backup holds what is new alone, and is restored with those before it", async () => {
  const { source, out, path } = await backedUp()
  const second = await onInstallation(
    source,
    logged(facts(7, 20)).pipe(Effect.andThen(put("run-1/b", "new")), Effect.andThen(logBackup(out, { since: path }))),
  )
  const said = JSON.parse(readFileSync(join(second, "manifest.json"), "utf8")) as { readonly events: number }
  expect(said.events).toBe(7)
  const target = freshFolder()
  const done = await onInstallation(target, logRestored(second))
  expect(done).toMatchObject({ appended: 27, blobs: 2 })
  expect(await onInstallation(target, projected)).toBe(await onInstallation(source, projected))
  expect(
    await onInstallation(
      target,
      BlobStore.use((store) => Effect.map(store.list("", 9), (all) => all.map(({ key }) => key))),
    ),
  ).toEqual(["run-0/a", "run-1/b"])
})

it("names the link that is missing from a chain, and the log that it does not go on from", async () => {
  const { source, out, path } = await backedUp()
  const second = await onInstallation(source, Effect.andThen(logged(facts(1, 50)), logBackup(out, { since: path })))
  const stranger = freshFolder()
  await expect(onInstallation(stranger, Effect.andThen(logged(facts(30, 90)), logBackup(out, { since: path })))).rejects.toThrow(
    /another log/,
  )
  renameSync(path, join(freshFolder(), "elsewhere"))
  await expect(onInstallation(freshFolder(), logRestored(second))).rejects.toThrow(
    /goes on from matyan-log-\S+ \(.*not beside it/,
  )
})

it("names the damage of the link before, and does not call it missing", async () => {
  const { source, out, path } = await backedUp()
  const second = await onInstallation(source, Effect.andThen(logged(facts(1, 50)), logBackup(out, { since: path })))
  truncateSync(join(path, "manifest.json"), statSync(join(path, "manifest.json")).size - 9)
  await expect(onInstallation(freshFolder(), logRestored(second))).rejects.toThrow(/manifest\.json/)
})

const filesUnder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

it("any byte that is another, missing or too many is found, and nothing is appended", async () => {
  const { path } = await backedUp()
  await expect(logChecked(path)).resolves.toBeDefined()
  const files = filesUnder(path).filter((file) => statSync(file).size > 0)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom("flip", "cut", "add"),
      async (file, place, bits, how) => {
        const good = readFileSync(file)
        const bad = Buffer.from(good)
        const at = place % good.length
        bad[at] = bad[at]! ^ bits
        if (how === "flip") writeFileSync(file, bad)
        else if (how === "cut") truncateSync(file, at)
        else writeFileSync(file, Buffer.concat([good, Buffer.of(bits)]))
        try {
          await expect(logChecked(path)).rejects.toThrow(/manifest|schemas\.jsonl|records|blobs/)
        } finally {
          writeFileSync(file, good)
        }
      },
    ),
    { numRuns: 40 },
  )
})

it.each(["remove", "add"])("a file to %s is found", async (what) => {
  const { path } = await backedUp()
  const file = filesUnder(path).find((one) => one.endsWith(".records"))!
  if (what === "remove") rmSync(file)
  else cpSync(file, `${file}-copy`)
  await expect(logChecked(path)).rejects.toThrow(what === "remove" ? /missing/ : /does not belong/)
})

it("says in which file and at which byte a record is damaged", async () => {
  const { path } = await backedUp()
  const file = filesUnder(path).find((one) => one.includes("data-ingestion"))!
  const bytes = readFileSync(file)
  bytes[bytes.length - 3]! ^= 1
  writeFileSync(file, bytes)
  await expect(logChecked(path)).rejects.toThrow(/data-ingestion-\d-0+\.records, the record at byte \d+ is damaged/)
})

it("a packed backup that was cut off is found", async () => {
  const { path } = await backedUp(true)
  truncateSync(path, statSync(path).size - 20)
  await expect(logChecked(path)).rejects.toThrow(/damaged|cut off/)
})

it("a discarded dead letter stays discarded where its record stands now", async () => {
  const [source, out, target] = [freshFolder(), freshFolder(), freshFolder()]
  const sequence = { runId: "run-0", name: "x", contextId: 0, context: Uint8Array.of(0x80) }
  const points: AnyFact = {
    type: "PointsLogged",
    data: { ...sequence, dtype: "float", values: [1], steps: [1], epochs: [], firstTime: 1, timeOffsets: [0] },
  }
  const object: AnyFact = {
    type: "ObjectLogged",
    data: { ...sequence, dtype: "text", step: 1, epoch: null, value: Uint8Array.of(0x80) },
  }
  const path = await onInstallation(
    source,
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* logged([stamped(points, 1)])
      const [position] = yield* log.append([stamped(object, 2)])
      const gone = { topic: "data-ingestion", partition: 0, offset: 999 }
      const discards = [position!, gone].map((one): AnyFact => ({
        type: "DeadLetterDiscarded",
        data: { ...one, reason: "of no use" },
      }))
      yield* logged(discards.map((fact) => stamped(fact, 3)))
      return yield* logBackup(out)
    }),
  )
  // Another number of partitions, and a run before it: the record comes to stand elsewhere.
  await onInstallation(target, logged([stamped(named("run-0", "first"), 1)]), 1)
  const done = await onInstallation(target, logRestored(path))
  expect(done.leftOut).toEqual([expect.stringContaining("data-ingestion/0/999")])
  expect(await onInstallation(target, projected)).toContain('["discarded","data-ingestion",0,2]')
})

it("keeps the bytes of a record that is no event, says that it is left out, and restores what is around it", async () => {
  const { source, out } = await backedUp()
  const db = open<Uint8Array, Uint8Array>({
    path: join(source, "log", "log.mdb"),
    noSubdir: true,
    keyEncoding: "binary",
    encoding: "binary",
  })
  db.putSync(recordKey({ topic: "control-events", partition: 0 }, 0), recordValue("key", Buffer.from("noise")))
  await db.close()
  const path = await onInstallation(source, Effect.andThen(logged(facts(1, 70)), logBackup(out)))
  expect(
    readFileSync(
      filesUnder(path).find((file) => file.includes("control-events"))!,
      "latin1",
    ),
  ).toContain("noise")
  const done = await onInstallation(freshFolder(), logRestored(path))
  expect(done).toMatchObject({ appended: 21, leftOut: [expect.stringMatching(/^1 records that could not be read/)] })
})
