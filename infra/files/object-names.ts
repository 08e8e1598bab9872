/**
 * Where objects lie: `objects/<2 digits>/<group>/<name>.json` describes one, and names the file beside it with its content.
 * A group holds the keys that share what stands before the first `/` (a run), so listing a run reads one folder. A name is
 * the key with all but digits, small letters, `-` and `_` as `%XX`; where that is too long for a file system, its SHA-256.
 */
import { createHash } from "node:crypto"

const longestName = 180
const described = ".json"

export const sha256 = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex")

/** The folder of a key's group, below `objects/`: two names. */
export const groupOf = (key: string): readonly [shard: string, group: string] => {
  const group = sha256(key.split("/", 1)[0]!)
  return [group.slice(0, 2), group.slice(2, 40)]
}

/** The group that holds every key under a prefix, or null when several may. */
export const groupOfPrefix = (prefix: string): readonly [shard: string, group: string] | null =>
  prefix.includes("/") ? groupOf(prefix) : null

export const descriptionName = (key: string): string => `${objectName(key)}${described}`

/** The key that a file describes; null when only its content tells; undefined for other files. */
export const keyOfDescription = (file: string): string | null | undefined => {
  if (!file.endsWith(described)) return undefined
  if (file.startsWith("h-")) return null
  return decodeURIComponent(file.slice(2, -described.length))
}

const objectName = (key: string): string => {
  const name = [...Buffer.from(key, "utf8")].map(escaped).join("")
  return name.length <= longestName ? `k-${name}` : `h-${sha256(key)}`
}

/** Capital letters too, for file systems that do not tell them from small ones. */
const escaped = (byte: number): string => {
  const letter = String.fromCharCode(byte)
  return /[0-9a-z_-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`
}
