/** Every example of sdk/README.md, as it stands there, in a project that has the packed SDK. */
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connect } from "../../sdk/read.ts"
import { compiled, installedSdk, nodeTypes } from "../support/sdk-package.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

interface Block {
  readonly name: string
  readonly source: string
}

const root = new URL("../../", import.meta.url)
const readme = readFileSync(new URL("sdk/README.md", root), "utf8")

/** What the text says a block is given: a run that has begun, unless it makes what it calls so itself. */
const given = `import { init } from "@matyan/sdk"\nconst run = await init()\n`
const isGiven = (source: string): boolean =>
  /(?<![\w."'`])run(?=[.,)])/.test(source) && !/\b(const|of) (run\b|\[run\]|\{[^}]*\brun\b)/.test(source)

const blocks: readonly Block[] = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, source = ""], i) => ({
  name: `${i + 1}: ${source.split("\n").find((line) => line !== "" && !line.startsWith("import"))}`,
  source: isGiven(source) ? given + source : source,
}))

const folder = mkdtempSync(join(tmpdir(), "matyan-readme-"))
let project: string
let server: Server
let said = ""

beforeAll(async () => {
  ;[project, server] = await Promise.all([installedSdk(folder), startServer(mkdtempSync(join(folder, "server-")))])
})

afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

describe("sdk/README.md", () => {
  it("has its examples", () => {
    expect(blocks.length).toBeGreaterThan(15)
    expect(blocks.filter(({ source }) => source.startsWith(given)).length).toBeGreaterThan(5)
  })

  it("names only files that are there", () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = ""]) => new URL(path, new URL("sdk/", root)))
    expect(links.length).toBeGreaterThan(1)
    for (const link of links) expect(() => readFileSync(link)).not.toThrow()
  })

  it("is right by its types", async () => {
    for (const [i, { source }] of blocks.entries()) writeFileSync(join(project, `typed-${i}.ts`), `${source}\nexport {}\n`)
    const files = blocks.map((_, i) => `typed-${i}.ts`)
    const options = ["--target", "es2024", "--module", "nodenext", "--lib", "es2024,esnext.disposable,dom"]
    expect(await compiled(project, ...options, ...nodeTypes, ...files)).toBe("")
  })

  it.each(blocks)("runs $name", async ({ source }) => {
    const own = mkdtempSync(join(project, "block-"))
    // A program of users need not know where the server of the test is; the one address that is written down is its default.
    writeFileSync(join(own, "block.ts"), source.replaceAll("http://localhost:53800", server.backendUrl))
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      MATYAN_SPOOL: join(folder, "spool"),
      MATYAN_FRONTIER_URL: server.frontierUrl,
      MATYAN_BACKEND_URL: server.backendUrl,
    }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["block.ts"], { cwd: own, env })
    said += stdout
    // Problems would be warned of there.
    expect(stderr).toBe("")
  })

  it("says what comes of them", async () => {
    for (const text of [
      "finished",
      "models/weights.bin 1 1000 uploaded",
      "{ mean: 0.5, count: 2 }",
      "left-in-spool",
      "not_found 404",
    ])
      expect(said).toContain(text)
    const { metrics, runs } = connect(server.backendUrl)
    const [loss] = await metrics.series({ runs: ["run-42"], names: ["loss"] })
    expect([...loss!.steps]).toEqual([0, 1])
    // What was logged offline was sent by those that came after.
    await until(
      "the run",
      () => runs.query('run.experiment == "on a plane"').count(),
      (count) => count === 1,
    )
    const kinds = await runs.query('run.experiment == "digits"', { select: ["metrics"] }).toArray()
    expect(kinds.flatMap(({ metrics }) => metrics.map(({ name }) => name))).toContain("accuracy")
  })
})
