/** The files of the image, put together as the Dockerfile says, without a container engine. */
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { all, stage } from "./dockerfile.ts"
import { root, textOf } from "./program.ts"

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** Fills a folder with what the image has in its own, given that `npm ci --omit=dev` does what the lock file says. */
export const fillAsImage = (folder: string): void => {
  const { packages } = JSON.parse(textOf("package-lock.json")) as Lock
  const there = Object.entries(packages).filter(([path]) => path.startsWith("node_modules/") && existsSync(join(root, path)))
  const outer = there.filter(([path, { dev }]) => path.lastIndexOf("node_modules/") === 0 && dev !== true)
  execFileSync("cp", ["-R", "--parents", ...outer.map(([path]) => path), folder], { cwd: root })
  for (const [path, { dev }] of there) if (dev === true) rmSync(join(folder, path), { recursive: true, force: true })
  const [install = ""] = all(stage("packages"), "RUN")
  const [, ...after] = install.split("&&")
  if (!install.startsWith("npm ci --omit=dev --ignore-scripts ")) throw new Error(`the packages come otherwise: ${install}`)
  execFileSync("sh", ["-ec", after.join("&&")], { cwd: folder })
  for (const copy of all(stage("matyan"), "COPY").filter((rest) => !rest.startsWith("--from"))) {
    const [target = "", ...sources] = copy.split(/\s+/).toReversed()
    for (const source of sources) {
      const into = sources.length > 1 || target.endsWith("/") ? join(folder, target, source) : join(folder, target)
      mkdirSync(join(into, ".."), { recursive: true })
      cpSync(join(root, source), into, { recursive: true, filter: (path) => !isIgnored(path) })
    }
  }
}

/** What .dockerignore keeps out of the folders that are copied. */
const isIgnored = (path: string): boolean => {
  const inside = path.slice(root.length)
  const isLeft = inside.startsWith("infra/deploy/") ? inside !== "infra/deploy/healthy.ts" : inside.startsWith("sdk/dist")
  return isLeft || inside.endsWith(".md")
}
