/**
 * Uploads in parts as files: `parts/<2 digits>/<group>/<id>/` is one, where `upload.json` says what it is for and each part is a
 * file named for its number and its SHA-256. Groups are those of objects. An upload is there while its `upload.json` is.
 */
import { randomBytes } from "node:crypto"
import { createReadStream, mkdirSync } from "node:fs"
import { mkdir, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { bytesOfPart, partsProblem, unquoted } from "../../domain/part-plan.ts"
import {
  type BlobInfo,
  type PartPlan,
  type PartUpload,
  type UnfinishedUpload,
  type UploadedPart,
  UploadRefused,
} from "../../domain/ports/blob-store.ts"
import { flushFolder, isMissing, namesIn, readJson, writeJson } from "./folders.ts"
import { infoOf, type ObjectFiles } from "./object-files.ts"
import { groupOf, groupOfPrefix } from "./object-names.ts"
import { receive } from "./receive.ts"

/** What `upload.json` says. */
interface Begun extends PartPlan {
  readonly key: string
  /** Unix seconds. */
  readonly begun: number
}

const described = "upload.json"

export class PartFiles {
  readonly #objects: ObjectFiles
  readonly #parts: string
  readonly #drafts: string
  /** The completions that go on, by the ids of their uploads; they may outlast the requests that asked for them. */
  readonly #completing = new Map<string, Promise<BlobInfo>>()

  constructor(folder: string, objects: ObjectFiles) {
    this.#objects = objects
    this.#parts = join(folder, "parts")
    this.#drafts = join(folder, "incoming")
    mkdirSync(this.#parts, { recursive: true, mode: 0o700 })
  }

  async begin(key: string, plan: PartPlan): Promise<string> {
    const id = randomBytes(16).toString("hex")
    const folder = this.#folderOf({ key, id })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const begun: Begun = { ...plan, key, begun: Date.now() / 1_000 }
    await writeJson(join(this.#drafts, `${id}.json`), join(folder, described), begun)
    await flushFolder(folder)
    return id
  }

  /** What an upload is for; refuses where there is none of the id for the key. */
  async plan(upload: PartUpload): Promise<PartPlan> {
    const begun = await this.#begun(upload)
    if (begun === undefined) throw ended()
    return begun
  }

  /** Keeps a part in place of an earlier one of its number; answers its ETag. */
  async put(
    upload: PartUpload,
    number: number,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    sha256: string | undefined,
  ): Promise<string> {
    const [folder, plan] = [this.#folderOf(upload), await this.plan(upload)]
    const maxBytes = bytesOfPart(plan, number)
    const draft = join(this.#drafts, crypto.randomUUID())
    try {
      const terms = { contentType: "", maxBytes, ...(sha256 === undefined ? {} : { sha256 }) }
      const received = await receive(draft, body, terms)
      if (received.size !== maxBytes)
        throw new UploadRefused({ message: `part ${number} has ${maxBytes} bytes, ${received.size} came`, reason: "parts" })
      const name = `${number}-${received.sha256}`
      await rename(draft, join(folder, name))
      await flushFolder(folder)
      await this.#removeOthers(folder, name)
      return received.sha256
    } catch (cause) {
      // The upload was ended while the part came.
      throw isMissing(cause) ? ended() : cause
    } finally {
      await rm(draft, { force: true })
    }
  }

  /** As `PartUploads.complete` says. Two at a time are one. */
  complete(upload: PartUpload, parts: readonly UploadedPart[], maxBytes: number): Promise<BlobInfo> {
    const going = this.#completing.get(upload.id)
    const again = (): Promise<BlobInfo> => this.complete(upload, parts, maxBytes)
    if (going !== undefined) return going.then(again, again)
    const done = this.#complete(upload, parts, maxBytes).finally(() => this.#completing.delete(upload.id))
    this.#completing.set(upload.id, done)
    return done
  }

  /** What nothing names any longer is removed first, so that an end half-way leaves an upload that is none. */
  async abort(upload: PartUpload): Promise<void> {
    if (!isId(upload.id) || (await this.#begun(upload)) === undefined) return
    await this.#remove(this.#folderOf(upload))
  }

  /** What a crash left of an upload that is none any more goes on the way. */
  async unfinished(prefix: string): Promise<readonly UnfinishedUpload[]> {
    const found: UnfinishedUpload[] = []
    for (const group of await this.#groupsUnder(prefix))
      for (const id of await namesIn(group)) {
        const begun = await readBegun(join(group, id))
        if (begun === undefined) await removeOld(join(group, id))
        else if (begun.key.startsWith(prefix)) found.push({ key: begun.key, id, begun: begun.begun })
      }
    return found
  }

  async #complete(upload: PartUpload, parts: readonly UploadedPart[], maxBytes: number): Promise<BlobInfo> {
    const { key, id } = upload
    const there = isId(id) ? await this.#objects.describe(key) : undefined
    if (there?.upload === id) {
      await this.#remove(this.#folderOf(upload))
      return infoOf(there)
    }
    const plan = await this.plan(upload)
    const folder = this.#folderOf(upload)
    const problem =
      plan.bytes > maxBytes ? `at most ${maxBytes} bytes are stored` : partsProblem(plan, parts, await keptIn(folder))
    if (problem !== null) throw new UploadRefused({ message: problem, reason: "parts" })
    const names = parts.map(({ number, etag }) => join(folder, `${number}-${unquoted(etag)}`))
    const made = await this.#objects.put(key, contentOf(names), { contentType: plan.contentType, upload: id })
    await this.#remove(folder)
    return infoOf(made)
  }

  async #begun(upload: PartUpload): Promise<Begun | undefined> {
    if (!isId(upload.id)) return undefined
    const begun = await readBegun(this.#folderOf(upload))
    return begun?.key === upload.key ? begun : undefined
  }

  async #remove(folder: string): Promise<void> {
    await rm(join(folder, described), { force: true })
    await rm(folder, { recursive: true, force: true })
  }

  async #removeOthers(folder: string, name: string): Promise<void> {
    const number = name.slice(0, name.indexOf("-") + 1)
    const earlier = (await namesIn(folder)).filter((other) => other.startsWith(number) && other !== name)
    for (const each of earlier) await rm(join(folder, each), { force: true })
  }

  async #groupsUnder(prefix: string): Promise<readonly string[]> {
    const group = groupOfPrefix(prefix)
    if (group !== null) return [join(this.#parts, ...group)]
    const shards = (await namesIn(this.#parts)).map((shard) => join(this.#parts, shard))
    return (await Promise.all(shards.map(async (shard) => (await namesIn(shard)).map((name) => join(shard, name))))).flat()
  }

  #folderOf({ key, id }: PartUpload): string {
    return join(this.#parts, ...groupOf(key), id)
  }
}

/** Ids come from clients and are names of folders. */
const isId = (id: string): boolean => /^[0-9a-f]{32}$/.test(id)

const ended = (): UploadRefused => new UploadRefused({ message: "there is no such unfinished upload", reason: "upload" })

// Nobody but this file writes them.
const readBegun = async (folder: string): Promise<Begun | undefined> =>
  (await readJson(join(folder, described))) as Begun | undefined

const dayMs = 24 * 3_600_000

/** A folder without its description, unless it may be about to get one. */
const removeOld = async (folder: string): Promise<void> => {
  const changed = await stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  )
  if (Date.now() - changed > dayMs) await rm(folder, { recursive: true, force: true })
}

/** The parts that are there. */
const keptIn = async (folder: string) => {
  const kept = new Map<number, { readonly etag: string; readonly bytes: number }>()
  for (const name of await namesIn(folder)) {
    const [, number, etag] = /^(\d+)-([0-9a-f]{64})$/.exec(name) ?? []
    if (number !== undefined && etag !== undefined)
      kept.set(Number(number), { etag, bytes: (await stat(join(folder, name))).size })
  }
  return kept
}

async function* contentOf(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: 2 ** 20 })
}
