import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { reached } from "../../domain/milestones.ts"
import type { BlobInfo } from "../../domain/ports/blob-store.ts"
import { turns } from "../lmdb/turns.ts"
import { flushFolder, namesIn, readJson, writeJson } from "./folders.ts"
import { descriptionName, groupOf, groupOfPrefix, keyOfDescription } from "./object-names.ts"
import { receive, type Terms } from "./receive.ts"

/** What the file beside an object's content says. */
export interface Description extends BlobInfo {
  readonly sha256: string
  /** The name of the file with the content. */
  readonly content: string
  /** The id of the upload in parts that it was made by. */
  readonly upload?: string
}

/** An upload that has not grown for a day is over. */
const abandonedMs = 24 * 3_600_000

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

  /** Stores an object; `upload` is the upload in parts that it ends. */
  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { upload, ...terms }: Terms & { readonly upload?: string },
  ): Promise<Description> {
    const content = crypto.randomUUID()
    const draft = join(this.#incoming, content)
    try {
      const received = await receive(draft, body, terms)
      const made = upload === undefined ? {} : { upload }
      const { contentType } = terms
      const description = { key, ...received, contentType, modified: Date.now() / 1_000, content, ...made }
      reached("blob: received")
      await this.#inTurn(() => this.#place(draft, description))
      return description
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
      reached("blob: removing")
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
    reached("blob: content in place")
    await writeJson(
      join(this.#incoming, `${description.content}.json`),
      join(folder, descriptionName(description.key)),
      description,
    )
    reached("blob: described")
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

const readDescription = async (file: string): Promise<Description | undefined> =>
  // Nobody but this file writes them.
  (await readJson(file)) as Description | undefined

/** The key that a file describes; undefined for content. */
const keyIn = async (name: string, file: string): Promise<string | undefined> => {
  const key = keyOfDescription(name)
  return key === null ? (await readDescription(file))?.key : key
}

/** By the bytes of their UTF-8, as S3 orders keys. */
const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
