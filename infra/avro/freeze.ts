/** `npm run freeze`: after a release is dated in the CHANGELOG, freezes the schemas of its events. */
import { readFileSync, writeFileSync } from "node:fs"
import { brokenPromises, fingerprints, newestRelease, type Released } from "./released.ts"

const file = new URL("../../events/released.json", import.meta.url)
const release = newestRelease(readFileSync(new URL("../../CHANGELOG.md", import.meta.url), "utf8"))
const broken = brokenPromises(JSON.parse(readFileSync(file, "utf8")) as Released)

if (release === null || broken.length > 0) {
  process.stderr.write(`${release === null ? "CHANGELOG.md dates no release" : broken.join("\n")}\n`)
  process.exitCode = 1
} else {
  writeFileSync(file, `${JSON.stringify({ release, schemas: fingerprints() } satisfies Released, null, 2)}\n`)
  process.stdout.write(`froze the events of ${release}\n`)
}
