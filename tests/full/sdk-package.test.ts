/** The package as users get it: packed, installed without a network into an empty project, and used from there. */
import { execFile } from "node:child_process"
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { build } from "rolldown"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connect } from "../../sdk/read.ts"
import { compiled, installedSdk, nodeTypes, sdkPackage } from "../support/sdk-package.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), "matyan-package-"))
let project: string
let installed: string
let server: Server

beforeAll(async () => {
  ;[project, server] = await Promise.all([installedSdk(folder), startServer(mkdtempSync(join(folder, "server-")))])
  installed = join(project, "node_modules/@matyan/sdk")
})

afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

/** Every Node from 20 on that this machine has, once for each version. */
const nodes = async (): Promise<ReadonlyMap<string, string>> => {
  const folders = (process.env["PATH"] ?? "").split(":")
  const found = [process.execPath, ...folders.map((one) => join(one, "node"))].filter((path) => existsSync(path))
  const versions = await Promise.all(found.map(async (path) => [(await run(path, ["--version"])).stdout.trim(), path] as const))
  return new Map(versions.filter(([version]) => Number.parseInt(version.slice(1), 10) >= 20))
}

/** The program as browsers load it: minified, and with what it exports open to its chunks, as bundlers of pages do. */
const bundled = async (source: string) => {
  const entry = join(project, `bundled-${Math.random()}.js`)
  writeFileSync(entry, source)
  const options = { input: entry, platform: "browser", write: false, cwd: project, preserveEntrySignatures: false } as const
  const { output } = await build({ ...options, output: { format: "esm", minify: true, entryFileNames: "entry.js" } })
  return output.filter((one) => one.type === "chunk")
}

type Chunks = Awaited<ReturnType<typeof bundled>>

/** The modules that are loaded before the program runs: the entry, and what it imports at once. */
const atOnce = (chunks: Chunks): Chunks => {
  const reached = new Set<string>(["entry.js"])
  for (const name of reached)
    for (const other of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) reached.add(other)
  return chunks.filter(({ fileName }) => reached.has(fileName))
}

const zipped = (chunks: Chunks): number => chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)

const logAndRead = `
  import { init } from "@matyan/sdk"
  import { connect } from "@matyan/sdk/read"
  const run = await init({ experiment: "packed", config: { lr: 0.1 }, tags: ["from npm"], quiet: true })
  for (let i = 0; i < 1000; i++) run.log({ loss: 1 / (i + 1) })
  run.image("dot", { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) })
  const artifact = await run.artifact({ text: "hello" }, { path: "a/hello.txt" })
  const { state, problems, position } = await run.finish()
  const matyan = connect(process.env.MATYAN_BACKEND_URL)
  // What is durable is visible moments later.
  const [series] = await matyan.metrics.series({ runs: [run.id], names: ["loss"], position })
  const { params, props } = await matyan.runs.get(run.id)
  const file = await (await matyan.artifacts.download(run.id, "a/hello.txt")).bytes()
  console.log(JSON.stringify({
    state, problems, artifact: artifact.state, steps: series.steps.length, last: series.values[999],
    lr: params.hparams.lr, experiment: props.experiment.name, file: new TextDecoder().decode(file),
  }))
`

describe("the installed package", () => {
  it("holds what is built, and how to use it, and depends on nothing", () => {
    expect(readdirSync(installed).toSorted()).toEqual(["LICENSE", "README.md", "dist", "package.json"])
    const { dependencies, peerDependencies, optionalDependencies, scripts } = sdkPackage()
    expect([dependencies, peerDependencies, optionalDependencies]).toEqual([undefined, undefined, undefined])
    expect(readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@matyan"])
    // What is packed here was built here; whoever publishes it builds it by this, unless npm is told to ignore scripts.
    expect(scripts["prepack"]).toBe("npm run --prefix .. sdk:build")
  })

  it("has each file that it says it has", () => {
    const named = Object.values(sdkPackage().exports).flatMap((to) => (typeof to === "string" ? [to] : Object.values(to)))
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([])
  })

  it("logs and reads with every Node that is here", async () => {
    writeFileSync(join(project, "use.js"), logAndRead)
    const found = await nodes()
    console.log(`tried with Node ${[...found.keys()].join(" and ")}`)
    expect(found.size).toBeGreaterThan(0)
    for (const [version, node] of found) {
      const env = {
        PATH: process.env["PATH"],
        HOME: folder,
        MATYAN_FRONTIER_URL: server.frontierUrl,
        MATYAN_BACKEND_URL: server.backendUrl,
      }
      const { stdout, stderr } = await run(node, ["use.js"], { cwd: project, env })
      expect([version, stderr, JSON.parse(stdout)]).toEqual([
        version,
        "",
        {
          state: "finished",
          problems: [],
          artifact: "uploaded",
          steps: 1000,
          last: 0.001,
          lr: 0.1,
          experiment: "packed",
          file: "hello",
        },
      ])
    }
  })

  it("has a program that sends what is left", async () => {
    const spool = join(folder, "left")
    const offline = `import { init } from "@matyan/sdk"
      const run = await init({ mode: "offline", quiet: true })
      run.log({ kept: 1 })
      const { state } = await run.finish()
      console.log(state, run.id)`
    writeFileSync(join(project, "offline.js"), offline)
    const env = { ...process.env, MATYAN_SPOOL: spool, MATYAN_FRONTIER_URL: server.frontierUrl }
    const [state, id] = (await run(process.execPath, ["offline.js"], { cwd: project, env })).stdout.trim().split(" ")
    expect(state).toBe("left-in-spool")
    await run("npx", ["@matyan/sdk", "sync"], { cwd: project, env })
    const { runs } = connect(server.backendUrl)
    const names = async () => ((await runs.get(id ?? "")).traces.metric ?? []).map(({ name }) => name)
    expect(
      await until(
        "the run",
        () => names().catch(() => []),
        (found) => found.length > 0,
      ),
    ).toEqual(["kept"])
  })
})

describe("its types", () => {
  const source = `
    import { init, type InitOptions, type LoggedValues, type Run, type RunStatus } from "@matyan/sdk"
    import { brainCallback, tfjsCallback } from "@matyan/sdk/callbacks"
    import { trackEval } from "@matyan/sdk/eval"
    import { connect, MatyanError } from "@matyan/sdk/read"
    const options: InitOptions = { experiment: "typed", system: 10 }
    const run: Run = await init(options)
    const values: LoggedValues = { loss: 1, deep: { acc: 0.5 } }
    run.log(values, { step: 0, context: { subset: "train" } })
    run.image("plane", new Uint8Array(3), { caption: "a plane" })
    const uploaded: "uploaded" | "waiting" | "refused" = (await run.artifact({ text: "x" }, { path: "x.txt" })).state
    const status: RunStatus = await run.finish()
    const matyan = connect("http://localhost:53800")
    const [series] = await matyan.metrics.series({ runs: [run.id], names: ["loss"], points: 10 })
    const points: Float64Array | undefined = series?.values
    const evaluation = await trackEval({
      run, dataset: [1, 2], task: (n) => n + 1, scorers: { right: (n, answer) => answer === n + 1 },
    })
    const answer: number | undefined = evaluation.rows[0]?.output
    const code = (error: unknown): string => (error instanceof MatyanError ? error.code : "")
    export { answer, brainCallback, code, points, status, tfjsCallback, uploaded }
  `
  const libraries = {
    "of browsers": ["--lib", "ES2022,DOM", "--types", ""],
    "of Node": ["--lib", "ES2022", ...nodeTypes],
    "that the compiler has by itself": ["--types", ""],
  }
  const resolutions = { nodenext: "nodenext", bundler: "esnext" }

  // Nothing is skipped: the declarations themselves are looked at, too.
  it.each(Object.keys(libraries))("are whole with the libraries %s, however modules are resolved", async (name) => {
    writeFileSync(join(project, "typed.ts"), source)
    for (const [moduleResolution, module] of Object.entries(resolutions)) {
      const options = ["--target", "es2022", "--module", module, "--moduleResolution", moduleResolution]
      const more = libraries[name as keyof typeof libraries]
      expect(await compiled(project, ...options, ...more, "--exactOptionalPropertyTypes", "typed.ts")).toBe("")
    }
  })

  it("say of each export what it is", () => {
    const types = join(installed, "dist/types/sdk")
    const files = globSync("**/*.d.ts", { cwd: types }).filter((name) => name !== join("read", "api-types.d.ts"))
    expect(files.length).toBeGreaterThan(40)
    const silent = files.flatMap((file) => {
      const lines = readFileSync(join(types, file), "utf8").split("\n")
      const isSilent = (line: string, i: number): boolean =>
        /^export (declare|interface|type \w)/.test(line) && lines[i - 1]?.endsWith("*/") !== true
      return lines.filter(isSilent).map((line) => `${file}: ${line}`)
    })
    expect(silent).toEqual([])
  })

  it("refuse what has no meaning", async () => {
    const wrong = `import { init } from "@matyan/sdk"
      const run = await init({ experiment: 7 })
      run.log({ loss: "low" })
      run.log({ loss: 1 }, { stepp: 3 })`
    writeFileSync(join(project, "wrong.ts"), wrong)
    const said = await compiled(project, "--module", "nodenext", "--types", "", "wrong.ts")
    expect(said.match(/^wrong\.ts\((\d+)/gm)).toEqual(["wrong.ts(2", "wrong.ts(3", "wrong.ts(4"])
  })
})

describe("what browsers load", () => {
  it("knows no module of Node", () => {
    const reached = new Set([join(installed, "dist/browser.js"), join(installed, "dist/read.js")])
    const outside: string[] = []
    for (const path of reached)
      for (const [, from, loaded] of readFileSync(path, "utf8").matchAll(
        /^(?:import|export)\b[^;]*? from "([^"]+)"|\bimport\("([^"]+)"\)/gm,
      )) {
        const name = from ?? loaded ?? ""
        if (name.startsWith(".")) reached.add(join(dirname(path), name))
        else outside.push(name)
      }
    expect(reached.size).toBeGreaterThan(3)
    expect(outside).toEqual([])
  })

  it("is at most 12 kB for logging, zipped, and more only for what has bytes", async () => {
    const chunks = await bundled('import { init } from "@matyan/sdk"; globalThis.begin = init')
    const [first, all] = [zipped(atOnce(chunks)), zipped(chunks)]
    const read = zipped(await bundled('import { connect } from "@matyan/sdk/read"; globalThis.matyan = connect("")'))
    console.log(`zipped: ${first} bytes to log, ${all} with images, sounds and artifacts; ${read} to read`)
    expect(first).toBeLessThanOrEqual(12_000)
    expect(read).toBeLessThanOrEqual(14_000)
  })

  it("has nothing for logging where it only reads, and of reading only what is used", async () => {
    const whole = await bundled('import { connect } from "@matyan/sdk/read"; globalThis.matyan = connect("")')
    const some = await bundled(
      'import { connectionTo, runsOf } from "@matyan/sdk/read"; globalThis.runs = runsOf(connectionTo(""))',
    )
    for (const { code } of [...whole, ...some]) expect(code).not.toMatch(/log_hparams|create_run|indexedDB|WebSocket/)
    expect(zipped(some)).toBeLessThan(0.7 * zipped(whole))
    const logs = await bundled('import { init } from "@matyan/sdk"; globalThis.begin = init')
    for (const { code } of logs) expect(code).not.toMatch(/runs\/search|EventReader/)
  })
})
