/** An archive of format 1, checked from end to end before anything is made of it. */
import { createHash } from "node:crypto"
import { defaultIngestLimits, runIdProblem } from "../../domain/limits.ts"
import { type Archive, wholeFile } from "./archive.ts"
import { entityKinds, entityLines } from "./entity-lines.ts"
import { manifestIn } from "./log-manifest.ts"
import { runProblem } from "./run-facts.ts"
import { type RunFile, runFile } from "./run-files.ts"
import { sampleFacts } from "./run-samples.ts"
import { ArchiveUnsound } from "./unsound.ts"

export interface RunsArchive {
  readonly archive: Archive
  /** By its manifest: the same for every copy. */
  readonly id: string
  /** Unix seconds. */
  readonly createdAt: number
  readonly runs: readonly string[]
  /** Names of the archive's experiments by its own ids. */
  readonly experiments: ReadonlyMap<string, string>
  readonly samples: number
  /** Objects that the reference's client wrote as mere numbers. */
  readonly lost: number
  /** Paths of each run's objects below its folder of them. */
  readonly blobs: ReadonlyMap<string, readonly string[]>
}

/** Throws {@link ArchiveUnsound} with what is wrong and where. */
export const checkRuns = async (archive: Archive): Promise<RunsArchive> => {
  const refuse = (why: string): never => {
    throw new ArchiveUnsound({ message: `${archive.name}: ${why}` })
  }
  const manifest = await manifestIn(archive)
  const version = manifest["format_version"]
  if (version !== 1) refuse(`it is of format version ${String(version)}; this code reads version 1 and backups of the log`)
  const runs = textsIn(manifest["run_hashes"]) ?? refuse("the manifest has no list run_hashes")
  if (manifest["run_count"] !== runs.length)
    refuse(`the manifest counts ${String(manifest["run_count"])} runs and names ${runs.length}`)
  const created = Date.parse(String(manifest["created_at"]))
  const createdAt = Number.isNaN(created) ? refuse("the manifest has no created_at") : created / 1000
  const blobs = filesOfRuns(archive, runs)
  for (const run of runs) {
    const problem = runIdProblem(run, defaultIngestLimits)
    if (problem !== null) refuse(`the run ${JSON.stringify(run)}: ${problem}`)
    for (const path of ["run.json", "attrs.json", "traces.json", "contexts.json"])
      if (!archive.files.has(`runs/${run}/${path}`)) refuse(`runs/${run}/${path} is missing`)
  }
  const id = createHash("sha256")
    .update(await wholeFile(archive, "manifest.json"))
    .digest("hex")
  const { samples, lost, isFromClient } = await checkSamples(archive, runs, createdAt)
  const experiments = await checkEntities(archive, manifest["entity_counts"])
  // The client counts an object as often as it is named.
  if (!isFromClient) checkBlobs(archive, manifest, blobs)
  return { archive, id, createdAt, runs, experiments, samples, lost, blobs }
}

const textsIn = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item): item is string => typeof item === "string") ? value : undefined

/** The objects by run; a folder of a run that the manifest does not name is refused. */
const filesOfRuns = (archive: Archive, runs: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>(runs.map((run) => [run, []]))
  if (found.size !== runs.length) throw new ArchiveUnsound({ message: `${archive.name}: the manifest names a run twice` })
  for (const path of archive.files.keys()) {
    const [, run, below] = /^runs\/([^/]+)\/(.+)$/.exec(path) ?? []
    if (run === undefined || below === undefined) continue
    const own = found.get(run)
    if (own === undefined) throw new ArchiveUnsound({ message: `${archive.name}: the manifest does not name the run of ${path}` })
    if (below.startsWith("blobs/")) own.push(below.slice("blobs/".length))
  }
  return found
}

const checkSamples = async (archive: Archive, runs: readonly string[], createdAt: number) => {
  let samples = 0
  let lost = 0
  let isFromClient = false
  for (const id of runs) {
    const run: RunFile = await runFile(archive, id, createdAt)
    const problem = runProblem(run)
    if (problem !== null) throw new ArchiveUnsound({ message: `${archive.name}: runs/${id}: ${problem}` })
    isFromClient ||= run.isFromClient
    for await (const fact of sampleFacts(archive, run, () => void lost++)) samples += fact.samples
  }
  return { samples, lost, isFromClient }
}

const checkEntities = async (archive: Archive, counts: unknown): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>()
  const found: Record<string, number> = {}
  for await (const { kind, id, data } of entityLines(archive)) {
    found[kind] = (found[kind] ?? 0) + 1
    if (kind === "experiment") names.set(id, String(data.get("name") ?? ""))
  }
  const said = typeof counts === "object" && counts !== null ? (counts as Readonly<Record<string, unknown>>) : {}
  const wrong = entityKinds.find((kind) => (said[kind] ?? found[kind] ?? 0) !== (found[kind] ?? 0))
  if (wrong !== undefined)
    throw new ArchiveUnsound({
      message: `${archive.name}: entities.jsonl holds ${found[wrong] ?? 0} of ${wrong}, where the manifest says ${String(said[wrong])}`,
    })
  return names
}

const checkBlobs = (
  archive: Archive,
  manifest: Readonly<Record<string, unknown>>,
  blobs: ReadonlyMap<string, readonly string[]>,
): void => {
  let count = 0
  let bytes = 0
  for (const [run, paths] of blobs)
    for (const path of paths) {
      count += 1
      bytes += archive.files.get(`runs/${run}/blobs/${path}`) ?? 0
    }
  const [saidCount, saidBytes] = [manifest["blob_count"] ?? count, manifest["blob_bytes"] ?? bytes]
  if (saidCount !== count || saidBytes !== bytes)
    throw new ArchiveUnsound({
      message: `${archive.name}: it holds ${count} objects of ${bytes} bytes, where the manifest says ${String(saidCount)} of ${String(saidBytes)}`,
    })
}
