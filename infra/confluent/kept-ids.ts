/**
 * The ids that a registry gave our schemas, kept in a file, so that a process can start while the registry is away: the
 * schemas are our own, only their numbers must be known. Written whole and renamed into place before an id is used.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { createHash } from "node:crypto"
import { schemaIdentity } from "../avro/identity.ts"

/** A schema of a subject; `schema` is its fingerprint. */
export interface KeptId {
  readonly subject: string
  readonly schema: string
  readonly id: number
}

export interface KeptIds {
  /** Whose ids these are; null where none are kept. */
  readonly url: string | null
  readonly ids: readonly KeptId[]
}

/** SHA-256 of what a schema means, in hexadecimal. */
export const fingerprintOf = (schema: string): string => createHash("sha256").update(schemaIdentity(schema)).digest("hex")

/** What the file holds; nothing where it is missing or is not such a file. */
export const readKeptIds = (file: string | undefined): KeptIds => {
  try {
    const { registry, ids } = file === undefined ? emptyFile : (JSON.parse(readFileSync(file, "utf8")) as File)
    const kept = Object.entries(ids).flatMap(([subject, schemas]) =>
      Object.entries(schemas).map(([schema, id]) => ({ subject, schema, id })),
    )
    return { url: registry, ids: kept.filter(({ id }) => Number.isInteger(id)) }
  } catch {
    return { url: null, ids: [] }
  }
}

/** Adds ids; those of another registry are dropped. Throws where the file cannot be written. */
export const keepIds = (file: string, url: string, added: readonly KeptId[]): void => {
  const before = readKeptIds(file)
  const ids: Record<string, Record<string, number>> = {}
  for (const { subject, schema, id } of [...(before.url === url ? before.ids : []), ...added]) (ids[subject] ??= {})[schema] = id
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  replaceFile(file, `${JSON.stringify({ registry: url, ids } satisfies File, null, 2)}\n`)
}

interface File {
  readonly registry: string | null
  readonly ids: Readonly<Record<string, Readonly<Record<string, number>>>>
}

const emptyFile: File = { registry: null, ids: {} }

const replaceFile = (file: string, text: string): void => {
  const beside = `${file}.${process.pid}.${crypto.randomUUID()}`
  const handle = openSync(beside, "w", 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(beside, file)
}
