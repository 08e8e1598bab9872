/** `npm run sdk:build`: makes of sdk/ what is published, in sdk/dist: a bundle of each entry, and the types that they export. */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type InputOptions } from "rolldown"

const root = fileURLToPath(new URL("..", import.meta.url))

/** What users import (sdk/package.json says by which name), and the program; by what they are called in dist. */
export const entries = {
  node: "sdk/node.ts",
  browser: "sdk/browser.ts",
  read: "sdk/read.ts",
  callbacks: "sdk/callbacks.ts",
  eval: "sdk/track-eval.ts",
  cli: "sdk/cli.ts",
} as const

/** Bundles the entries into a folder; what several of them need becomes chunks, of which none that browsers load knows Node. */
const bundle = async (folder: string): Promise<readonly string[]> => {
  const { browser, ...others } = entries
  const options: InputOptions = { cwd: root, platform: "neutral", external: /^node:/ }
  const output = { dir: folder, format: "esm", sourcemap: true, chunkFileNames: "chunks/[name]-[hash].js" } as const
  const built = [
    await build({ ...options, input: others, output }),
    // Pages load this one most of all, and a whole is smaller than its parts when it is compressed.
    await build({
      ...options,
      input: { browser },
      output: { ...output, codeSplitting: { groups: [{ name: "core", test: atOnceFrom(join(root, browser)) }] } },
    }),
  ]
  return built.flatMap(({ output }) => output.filter(({ type }) => type === "chunk").map(({ fileName }) => fileName))
}

/** Writes the declarations of the entries, and of what they speak of, below a folder. */
const declare = (folder: string): void => {
  const scratch = mkdtempSync(join(tmpdir(), "matyan-types-"))
  try {
    const tsc = join(root, "node_modules/.bin/tsc")
    const { status, stdout } = spawnSync(tsc, ["-p", "sdk/tsconfig.build.json", "--outDir", scratch], { cwd: root })
    if (status !== 0) throw new Error(`the declarations cannot be made: ${String(stdout)}`)
    const entryTypes = Object.values(entries).map((entry) => entry.replace(/ts$/, "d.ts"))
    for (const path of withinReach(scratch, entryTypes)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), readFileSync(join(scratch, path), "utf8").replaceAll(ofModule, '$1$2.js"'))
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** The name of another module as declarations have it: `from "./run.ts"`, `import("./run.ts")`. */
const ofModule = /(from |import\()("\.[^"]*)\.ts"/g

/** Tells the modules that are loaded with one, and not when they are needed. */
const atOnceFrom = (entry: string): ((id: string) => boolean) => {
  const reached = new Set([entry])
  for (const path of reached)
    for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/^(?:import|export) (?!type )[^"]*?from "(\.[^"]*)"/gm))
      reached.add(join(dirname(path), name))
  return (id) => reached.has(id)
}

const withinReach = (folder: string, paths: readonly string[]): ReadonlySet<string> => {
  const reached = new Set<string>()
  const look = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    for (const [, , name = ""] of readFileSync(join(folder, path), "utf8").matchAll(ofModule))
      look(join(dirname(path), `${name.slice(1)}.d.ts`))
  }
  for (const path of paths) if (existsSync(join(folder, path))) look(path)
  return reached
}

/** Makes dist anew, in that folder, and answers which modules it has. */
export const buildSdk = async (dist: string): Promise<readonly string[]> => {
  rmSync(dist, { recursive: true, force: true })
  const names = await bundle(dist)
  chmodSync(join(dist, "cli.js"), 0o755)
  declare(join(dist, "types"))
  return names
}

if (import.meta.main) for (const name of await buildSdk(join(root, "sdk/dist"))) console.log(`sdk/dist/${name}`)
