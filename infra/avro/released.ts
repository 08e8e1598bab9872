import { createHash } from "node:crypto"
import { catalog } from "../../events/index.ts"
import { canonicalText } from "./versions.ts"

/** What `events/released.json` holds: the release, and the fingerprint of every schema it froze, by `Type/version`. */
export interface Released {
  /** As in the CHANGELOG; null before the first release. */
  readonly release: string | null
  readonly schemas: Readonly<Record<string, string>>
}

/** The fingerprint (SHA-256 of the canonical text) of every version of every event, by `Type/version`, versions from 1. */
export const fingerprints = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.values(catalog).flatMap(({ type, versions }) =>
      versions.map(({ schema }, index) => [`${type}/${index + 1}`, fingerprintOf(JSON.stringify(schema))]),
    ),
  )

/** What of a release's schemas the catalog no longer has as it was. */
export const brokenPromises = ({ schemas }: Released, now = fingerprints()): readonly string[] =>
  Object.entries(schemas).flatMap(([version, fingerprint]) => {
    if (now[version] === fingerprint) return []
    return [
      `${version} ${now[version] === undefined ? "is gone" : "was changed"}; a released schema is only followed by a new version`,
    ]
  })

/** The newest release that the CHANGELOG dates, such as `## 0.2.0 (2026-12-01)`; null where there is none. */
export const newestRelease = (changelog: string): string | null =>
  /^## (\d+\.\d+\.\d+) \(\d{4}-\d{2}-\d{2}\)$/m.exec(changelog)?.[1] ?? null

const fingerprintOf = (schema: string): string => createHash("sha256").update(canonicalText(schema)).digest("hex")
