/**
 * Directories as rows of the store itself: `fe "d" <path>` → prefix of the directory's keys. Each name of a path is its
 * UTF-8 with `00` written as `00 ff`, and ends with `00`, so that paths order by name and a subtree is one range.
 * `fe "n"` counts the prefixes given out; none is given twice.
 */
import { afterPrefix, keyBytes, keyText } from "./key-text.ts"

/** What directories need of a transaction, by binary strings, in the store's own key space. */
export interface DirectoryRows {
  readonly get: (key: string) => Uint8Array | undefined
  readonly firstOf: (begin: string, end: string) => string | undefined
  readonly rows: (begin: string, end: string) => readonly (readonly [key: string, value: Uint8Array])[]
  readonly set: (key: string, value: Uint8Array) => void
  readonly clearRange: (begin: string, end: string) => void
}

type Path = readonly string[]

const root = "\xfed"
const counter = "\xfen"

export const directoryPrefix = (rows: Pick<DirectoryRows, "get">, path: Path): Uint8Array | undefined => rows.get(rowOf(path))

export const directoryNames = (rows: Pick<DirectoryRows, "firstOf">, path: Path): readonly string[] => {
  const parent = path.length === 0 ? root : rowOf(path)
  const end = afterPrefix(parent)!
  const names: string[] = []
  for (let from = `${parent}\0`; ;) {
    const row = rows.firstOf(from, end)
    if (row === undefined) return names
    const name = firstName(row.slice(parent.length))
    names.push(Buffer.from(name.replaceAll("\0\xff", "\0"), "latin1").toString("utf8"))
    from = afterPrefix(`${parent + name}\0`)!
  }
}

export const createDirectory = (rows: DirectoryRows, path: Path): Uint8Array => {
  const existing = directoryPrefix(rows, path)
  if (existing !== undefined) return existing
  if (path.length > 1) createDirectory(rows, path.slice(0, -1))
  const prefix = newPrefix(rows)
  rows.set(rowOf(path), prefix)
  return prefix
}

export const moveDirectory = (rows: DirectoryRows, from: Path, to: Path): void => {
  const old = rowOf(from)
  const moved = rowOf(to)
  if (rows.get(old) === undefined) throw new Error(`there is no directory ${JSON.stringify(from)} to move`)
  if (rows.get(moved) !== undefined) throw new Error(`there is already a directory ${JSON.stringify(to)}`)
  if (moved.startsWith(old)) throw new Error(`${JSON.stringify(from)} cannot move into itself`)
  if (to.length > 1 && directoryPrefix(rows, to.slice(0, -1)) === undefined)
    throw new Error(`there is no directory to hold ${JSON.stringify(to)}`)
  const subtree = rows.rows(old, afterPrefix(old)!)
  rows.clearRange(old, afterPrefix(old)!)
  for (const [key, prefix] of subtree) rows.set(moved + key.slice(old.length), prefix)
}

export const removeDirectory = (rows: DirectoryRows, path: Path): boolean => {
  const row = rowOf(path)
  const subtree = rows.rows(row, afterPrefix(row)!)
  if (subtree.length === 0) return false
  for (const [, prefix] of subtree) rows.clearRange(keyText(prefix), afterPrefix(keyText(prefix))!)
  rows.clearRange(row, afterPrefix(row)!)
  return true
}

const rowOf = (path: Path): string => {
  if (path.length === 0) throw new RangeError("the root is no directory: name one")
  return root + path.map((name) => `${keyText(Buffer.from(name, "utf8")).replaceAll("\0", "\0\xff")}\0`).join("")
}

const firstName = (names: string): string => {
  let end = names.indexOf("\0")
  while (names.charCodeAt(end + 1) === 0xff) end = names.indexOf("\0", end + 1)
  return names.slice(0, end)
}

/** A prefix under which nothing is: the next number as a tuple's integer (its length, then big-endian), so none begins another. */
const newPrefix = (rows: DirectoryRows): Uint8Array => {
  const last = Buffer.from(rows.get(counter) ?? [0])
  let number = last.readUIntBE(0, last.length)
  let prefix: string
  do {
    number++
    prefix = numberKey(number)
  } while (rows.firstOf(prefix, afterPrefix(prefix)!) !== undefined)
  rows.set(counter, keyBytes(prefix.slice(1)))
  return keyBytes(prefix)
}

const numberKey = (number: number): string => {
  const digits = number.toString(16)
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex")
  return String.fromCharCode(0x14 + bytes.length) + keyText(bytes)
}
