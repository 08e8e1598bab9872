/** The import rule of docs/architecture.md, and what must never stand in the source. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { describe, expect, it } from "vitest"

const folders = ["events", "domain", "projections", "gateways", "infra"] as const
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
  infra: { folders: ["events", "domain", "projections", "gateways"], packages: [/./] },
}

const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:import|export)\b[^"]*?from "([^"]+)"|\bimport\("([^"]+)"\)|^import "([^"]+)"/gm)].map(
    (match) => (match[1] ?? match[2] ?? match[3])!,
  )

const violationsIn = (file: string, text: string): readonly string[] => {
  const folder = file.split("/")[0] as Folder
  return importsOf(text).flatMap((target) => {
    const problem = target.startsWith(".") ? relativeProblem(file, folder, target) : packageProblem(file, folder, target)
    return problem === null ? [] : [`${file} imports ${target}: ${problem}`]
  })
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

const sources = globSync(folders.map((folder) => `${folder}/**/*.ts`))

describe("the architecture", () => {
  it("imports only along the rule", () => {
    expect(sources.flatMap((file) => violationsIn(file, readFileSync(file, "utf8")))).toEqual([])
  })

  it.each([
    ["events/run.ts", 'import { x } from "../domain/ids.ts"'],
    ["domain/run.ts", 'import { readFileSync } from "node:fs"'],
    ["domain/run.ts", 'import { Effect } from "effect"'],
    ["projections/runs.ts", 'import { lmdbStore } from "../infra/lmdb/key-value-store.ts"'],
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

  it("evaluates no text as code", () => {
    const evaluators = sources.filter((file) => /\beval\(|new Function\(|from "node:vm"/.test(readFileSync(file, "utf8")))
    expect(evaluators).toEqual([])
  })

  it("keeps files small", () => {
    const long = sources.filter((file) => readFileSync(file, "utf8").split("\n").length > 260)
    expect(long).toEqual([])
  })
})
