/** The import rule of docs/architecture.md, and what must never stand in the source. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { describe, expect, it } from "vitest"

const folders = ["events", "domain", "projections", "gateways", "infra", "sdk"] as const
type Folder = (typeof folders)[number]

/** What each folder may import of the others, and of packages. */
const allowed: Readonly<Record<Folder, { readonly folders: readonly Folder[]; readonly packages: readonly RegExp[] }>> = {
  events: { folders: [], packages: [] },
  // Hashing is pure; no other module of Node is imported here. Effect is for the ports and the commands' schemas alone.
  domain: { folders: ["events"], packages: [/^node:crypto$/, /^effect$/] },
  projections: { folders: ["events", "domain"], packages: [/^node:crypto$/, /^effect$/] },
  gateways: {
    folders: ["events", "domain", "projections"],
    packages: [/^node:/, /^effect$/, /^fastify$/, /^@fastify\//, /^ws$/, /^prom-client$/, /^zip-stream$/, /^yazl$/],
  },
  infra: { folders: ["events", "domain", "projections", "gateways", "sdk"], packages: [/./] },
  // Of the domain the SDK may know what needs nothing else: see `sdkProblem`. It has no dependency.
  sdk: { folders: ["domain"], packages: [] },
}

const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:import|export)\b[^"]*?from "([^"]+)"|\bimport\("([^"]+)"\)|^import "([^"]+)"/gm)].map(
    (match) => (match[1] ?? match[2] ?? match[3])!,
  )

const violationsIn = (file: string, text: string): readonly string[] => {
  const folder = file.split("/")[0] as Folder
  return importsOf(text).flatMap((target) => {
    const problem =
      folder === "sdk"
        ? sdkProblem(file, target)
        : target.startsWith(".")
          ? relativeProblem(file, folder, target)
          : packageProblem(file, folder, target)
    return problem === null ? [] : [`${file} imports ${target}: ${problem}`]
  })
}

/** The modules of the SDK that run in Node alone. */
const ofNode = /^sdk\/(node\/|(node|cli)\.ts$)/

/** What is bundled into the SDK, and where it may know Node. */
const sdkProblem = (file: string, target: string): string | null => {
  if (file === "sdk/build.ts") return null
  if (target.startsWith("node:")) return ofNode.test(file) ? null : "only sdk/node and the command line know Node"
  if (!target.startsWith(".")) return "the SDK has no dependency"
  const path = normalize(join(dirname(file), target))
  if (ofNode.test(path) && !ofNode.test(file)) return "browsers load it"
  return path.startsWith("sdk/") || path === "domain/frame.ts" ? null : "the SDK knows nothing outside of it but domain/frame.ts"
}

const relativeProblem = (file: string, folder: Folder, target: string): string | null => {
  const other = normalize(join(dirname(file), target)).split("/")[0]
  return other === folder || allowed[folder].folders.some((name) => name === other) ? null : `${folder} may not know ${other}`
}

const packageProblem = (file: string, folder: Folder, target: string): string | null => {
  if (folder === "domain" && target === "effect" && !/^domain\/(ports\/|commands\.ts)/.test(file))
    return "the domain is plain functions"
  return allowed[folder].packages.some((pattern) => pattern.test(target)) ? null : `no package of ${folder}`
}

const sources = globSync(
  folders.map((folder) => `${folder}/**/*.ts`),
  { exclude: ["sdk/dist/**", "sdk/node_modules/**"] },
)

describe("the architecture", () => {
  it("imports only along the rule", () => {
    expect(sources.flatMap((file) => violationsIn(file, readFileSync(file, "utf8")))).toEqual([])
  })

  it.each([
    ["events/run.ts", 'import { x } from "../domain/ids.ts"'],
    ["domain/run.ts", 'import { readFileSync } from "node:fs"'],
    ["domain/run.ts", 'import { Effect } from "effect"'],
    ["projections/runs.ts", 'import { lmdbStore } from "../infra/lmdb/key-value-store.ts"'],
    ["sdk/run.ts", 'import { decodeFrame } from "../domain/frame-decode.ts"'],
    ["sdk/media/image.ts", 'import { readFileSync } from "node:fs"'],
    ["sdk/read.ts", 'import WebSocket from "ws"'],
    ["sdk/init.ts", 'import { nodePlatform } from "./node/platform.ts"'],
    ["gateways/query/runs.ts", 'const lmdb = await import("lmdb")'],
    ["gateways/query/runs.ts", 'export { x } from "../../infra/main.ts"'],
  ])("would catch %s with %s", (file, text) => {
    expect(violationsIn(file, text)).toHaveLength(1)
  })

  it("Law 8: gateways hold no write handle on the projections", () => {
    const writers = sources.filter(
      (file) =>
        file.startsWith("gateways/") &&
        /\bWritableRows\b|\.write\(\s*(async\s*)?\(tx|foldBatch|\bTransaction\b/.test(readFileSync(file, "utf8")),
    )
    expect(writers).toEqual([])
  })

  it("takes time, chance and timers from outside in what folds and decides, so that a simulation can steer them", () => {
    const unsteered =
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\brandomUUID\b|\bset(Timeout|Interval|Immediate)\(/
    const steered =
      /^(events|domain|projections)\/|^gateways\/(decide|dispatch|names|given-names)\.ts$|^gateways\/ingest\/(appender|connection|intakes|sockets|stamp)\.ts$/
    // Where ids are drawn when nobody steers; and how long stretches took, which decides nothing.
    const named = new Set(["domain/ports/ids.ts", "domain/ports/spans.ts"])
    const found = sources.filter((file) => steered.test(file) && !named.has(file) && unsteered.test(readFileSync(file, "utf8")))
    expect(found).toEqual([])
  })

  it("evaluates no text as code", () => {
    const evaluators = sources.filter((file) => /\beval\(|new Function\(|from "node:vm"/.test(readFileSync(file, "utf8")))
    expect(evaluators).toEqual([])
  })

  it("keeps files small", () => {
    const long = sources.filter((file) => file !== "sdk/read/api-types.ts" && readFileSync(file, "utf8").split("\n").length > 260)
    expect(long).toEqual([])
  })
})
