import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type BlobInfo, UploadRefused, type UploadTerms } from "../../domain/ports/blob-store.ts"
import { turns } from "../lmdb/turns.ts"
import { descriptionName, groupOf, groupOfPrefix, keyOfDescription } from "./object-names.ts"

/** What the file beside an object's content says. */
export interface Description extends BlobInfo {
  readonly sha256: string
  /** The name of the file with the content. */
  readonly content: string
}

/** An upload that has not grown for a day is over. */
const abandonedMs = 24 * 3_600_000

type Terms = Omit<UploadTerms, "expiresInSeconds">

/**
 * Objects as files. An object is there once its description is: content is written and flushed before, under a name of
 * its own, so that a crash or a refusal leaves at most a file that nothing names.
 */
export class ObjectFiles {
  readonly #objects: string
  readonly #incoming: string
  readonly #inTurn = turns()

  constructor(folder: string) {
    this.#objects = join(folder, "objects")
    this.#incoming = join(folder, "incoming")
    for (const each of [this.#objects, this.#incoming]) mkdirSync(each, { recursive: true, mode: 0o700 })
    this.#sweep()
  }

  /** Removes what uploads left behind that a crash cut off; one that is under way is younger. */
  #sweep(): void {
    for (const name of readdirSync(this.#incoming)) {
      const draft = join(this.#incoming, name)
      if (Date.now() - statSync(draft).mtimeMs > abandonedMs) rmSync(draft, { force: true })
    }
  }

  async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, terms: Terms): Promise<BlobInfo> {
    const content = crypto.randomUUID()
    const draft = join(this.#incoming, content)
    try {
      const received = await receive(draft, body, terms)
      const description = { key, ...received, contentType: terms.contentType, modified: Date.now() / 1_000, content }
      await this.#inTurn(() => this.#place(draft, description))
      return infoOf(description)
    } finally {
      await rm(draft, { force: true })
    }
  }

  /** The description of an object; undefined where there is none. */
  async describe(key: string): Promise<Description | undefined> {
    return readDescription(join(this.#folderOf(key), descriptionName(key)))
  }

  /** The bytes of `[start, end)`. */
  async *content({ key, content }: Description, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start >= end) return
    const file = await open(join(this.#folderOf(key), content))
    yield* file.createReadStream({ start, end: end - 1 })
  }

  async list(prefix: string, limit: number, after: string | undefined): Promise<readonly BlobInfo[]> {
    const found: { readonly key: string; readonly file: string }[] = []
    for (const folder of await this.#foldersUnder(prefix))
      for (const name of await namesIn(folder)) {
        const file = join(folder, name)
        const key = await keyIn(name, file)
        if (key?.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0)) found.push({ key, file })
      }
    const page = found.sort((a, b) => compareKeys(a.key, b.key)).slice(0, limit)
    const descriptions = await Promise.all(page.map(({ file }) => readDescription(file)))
    return descriptions.flatMap((description) => (description === undefined ? [] : [infoOf(description)]))
  }

  /** Whether there was such an object. */
  remove(key: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const folder = this.#folderOf(key)
      const description = await this.describe(key)
      if (description === undefined) return false
      await rm(join(folder, descriptionName(key)))
      await rm(join(folder, description.content), { force: true })
      return true
    })
  }

  /** Writes, flushes and removes a file. */
  async check(): Promise<void> {
    const file = join(this.#incoming, crypto.randomUUID())
    await writeFile(file, "check", { flush: true, mode: 0o600 })
    await rm(file)
  }

  async #place(draft: string, description: Description): Promise<void> {
    const folder = this.#folderOf(description.key)
    const earlier = await this.describe(description.key)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await rename(draft, join(folder, description.content))
    const text = join(this.#incoming, `${description.content}.json`)
    await writeFile(text, JSON.stringify(description), { flush: true, mode: 0o600 })
    await rename(text, join(folder, descriptionName(description.key)))
    await flushFolder(folder)
    if (earlier !== undefined) await rm(join(folder, earlier.content), { force: true })
  }

  async #foldersUnder(prefix: string): Promise<readonly string[]> {
    const group = groupOfPrefix(prefix)
    if (group !== null) return [join(this.#objects, ...group)]
    const shards = await namesIn(this.#objects)
    const groups = await Promise.all(
      shards.map(async (shard) => (await namesIn(join(this.#objects, shard))).map((name) => join(this.#objects, shard, name))),
    )
    return groups.flat()
  }

  #folderOf(key: string): string {
    return join(this.#objects, ...groupOf(key))
  }
}

export const infoOf = ({ key, size, contentType, modified }: Description): BlobInfo => ({ key, size, contentType, modified })

/** Takes the body into a file and flushes it; refuses what breaks the terms. */
const receive = async (
  file: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  terms: Terms,
): Promise<{ readonly size: number; readonly sha256: string }> => {
  const handle = await open(file, "wx", 0o600)
  try {
    const received = await writeAll(handle, body instanceof Uint8Array ? [body] : body, terms)
    if (terms.sha256 !== undefined && terms.sha256.toLowerCase() !== received.sha256)
      throw new UploadRefused({ message: "the content has another SHA-256 than announced", reason: "checksum" })
    await handle.sync()
    return received
  } finally {
    await handle.close()
  }
}

const writeAll = async (
  handle: FileHandle,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { maxBytes = Infinity }: Terms,
) => {
  const hash = createHash("sha256")
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw new UploadRefused({ message: `the content exceeds ${maxBytes} bytes`, reason: "too-large" })
    hash.update(chunk)
    await handle.writeFile(chunk)
  }
  return { size, sha256: hash.digest("hex") }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT"

const readDescription = async (file: string): Promise<Description | undefined> => {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Description
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** The key that a file describes; undefined for content. */
const keyIn = async (name: string, file: string): Promise<string | undefined> => {
  const key = keyOfDescription(name)
  return key === null ? (await readDescription(file))?.key : key
}

/** By the bytes of their UTF-8, as S3 orders keys. */
const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Makes renames into a folder last; Windows has no such thing. */
const flushFolder = async (folder: string): Promise<void> => {
  if (process.platform === "win32") return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
