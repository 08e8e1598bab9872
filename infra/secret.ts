import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The secret kept under this name in the data folder, drawn and written (readable by its owner alone) the first time. */
export const keptSecret = (dataDir: string, name: string): string => {
  const file = join(dataDir, name)
  if (existsSync(file)) return readFileSync(file, "utf8").trim()
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const drawn = randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_")
  writeFileSync(file, `${drawn}\n`, { mode: 0o600, flag: "wx" })
  return drawn
}
