/** The SDK as users have it: packed, and installed into a project of its own. */
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { buildSdk } from "../../sdk/build.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const run = promisify(execFile)

/** What a project of a user has in its package.json beside the SDK. */
const project = { name: "project", private: true, type: "module" }

/**
 * Packs the SDK as `npm publish` would, but of a build of its own, so that several tests can; and installs it into a new project
 * below a folder, without any network. Answers the project's folder.
 */
export const installedSdk = async (folder: string): Promise<string> => {
  const [source, target] = [join(folder, "source"), join(folder, "project")]
  mkdirSync(source)
  mkdirSync(target)
  const { files } = sdkPackage()
  for (const name of ["package.json", "README.md", "LICENSE"]) cpSync(join(root, "sdk", name), join(source, name))
  if (files.join() !== "dist") throw new Error(`the package has other files than are built here: ${files.join()}`)
  await buildSdk(join(source, "dist"))
  const { stdout } = await npm(source, "pack", "--ignore-scripts", "--pack-destination", target)
  writeFileSync(join(target, "package.json"), JSON.stringify(project))
  await npm(target, "install", "--offline", "--no-audit", "--no-fund", `./${stdout.trim()}`)
  return target
}

/** What sdk/package.json says. */
export const sdkPackage = (): {
  readonly files: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: unknown
  readonly peerDependencies?: unknown
  readonly optionalDependencies?: unknown
} => JSON.parse(readFileSync(join(root, "sdk/package.json"), "utf8")) as ReturnType<typeof sdkPackage>

const npm = (folder: string, ...args: readonly string[]) => run("npm", [...args], { cwd: folder })

/** Runs the compiler over files of a project, with nothing but these options; answers what it says, nothing where all is well. */
export const compiled = async (folder: string, ...args: readonly string[]): Promise<string> => {
  const tsc = join(root, "node_modules/.bin/tsc")
  const { stdout } = await run(tsc, ["--ignoreConfig", "--noEmit", "--strict", ...args], { cwd: folder }).catch(
    (failed: { readonly stdout: string }) => failed,
  )
  return stdout
}

/** Where the declarations of Node are, for projects that have them. */
export const nodeTypes: readonly string[] = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")]
