import { randomBytes, randomUUID } from "node:crypto"
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { reached } from "../domain/milestones.ts"

/** The 32 bytes kept under this name in a folder, drawn by whoever needs them first, readable by their owner alone. */
export const keptSecret = (folder: string, name: string): Uint8Array => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, name)
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, randomBytes(32).toString("hex"), { mode: 0o600 })
  reached("secret: drawn")
  try {
    // A link is made whole or not at all, so of several starts at once all read the same secret.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  } finally {
    unlinkSync(draft)
  }
  return Buffer.from(readFileSync(file, "utf8"), "hex")
}

/** Bytes in the URL-safe base64, with padding, in which `BLOB_URI_SECRET` is given. */
export const secretText = (secret: Uint8Array): string =>
  Buffer.from(secret).toString("base64").replaceAll("+", "-").replaceAll("/", "_")
