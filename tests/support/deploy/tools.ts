/** What templates and checks the deployment files without a container engine or a cluster; fetched through the Go toolchain, once. */
import { execFile } from "node:child_process"
import { copyFileSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { cached, tool } from "../servers/cache.ts"

const run = promisify(execFile)
const versions = { helm: "3.19.2", compose: "2.9.0", buildkit: "0.25.1", kubernetes: "0.34.1" }
const advice = "these tests need Go 1.24 or later (Debian: apt-get install golang) and a Go module proxy"

/** Go with nothing of the caller's that would change where or how it builds. */
const go = (args: readonly string[], folder: string) => tool("env", ["CGO_ENABLED=0", `GOBIN=${folder}`, "GOFLAGS=-buildvcs=false", "go", ...args], folder, advice) // prettier-ignore

/** The Helm command, whose Kubernetes is the one of our schemas. */
export const helm = async (...args: readonly string[]) => {
  const folder = await cached("helm", versions.helm, (into) =>
    go(["install", "-ldflags=-s -w", `helm.sh/helm/v3/cmd/helm@v${versions.helm}`], into),
  )
  return run(join(folder, "helm"), [...args], { maxBuffer: 16 * 2 ** 20 })
}

export const kubernetesVersion = "1.34.1"

/** The loader of Compose itself: its schema, its references between services. */
export const composeLoader = async (...args: readonly string[]) => {
  const folder = await cached("compose-spec", versions.compose, (into) =>
    go(["install", `github.com/compose-spec/compose-go/v2/cmd@v${versions.compose}`], into),
  )
  return run(join(folder, "cmd"), [...args])
}

/** BuildKit's parser of Dockerfiles; prints the instructions it found. */
export const dockerfileParser = async (...args: readonly string[]) => {
  const folder = await cached("dockerfile-parser", versions.buildkit, async (into) => {
    const path = "github.com/moby/buildkit/frontend/dockerfile/parser/dumper"
    await go(["mod", "init", "dockerfile-parser"], into)
    await go(["get", `${path}@v${versions.buildkit}`], into)
    await go(["build", "-o", "dumper", path], into)
  })
  return run(join(folder, "dumper"), [...args])
}

/** The folder with Kubernetes' own descriptions of its objects: `swagger.json` and, newer, `autoscaling-v2.json`. */
export const kubernetesSchemas = (): Promise<string> =>
  cached("kubernetes-schemas", versions.kubernetes, async (into) => {
    const modules = join(into, "modules")
    mkdirSync(modules)
    await go(["mod", "init", "kubernetes-schemas"], into)
    await tool("env", ["GOFLAGS=-modcacherw", `GOMODCACHE=${modules}`, "go", "mod", "download", `k8s.io/kubectl@v${versions.kubernetes}`], into, advice) // prettier-ignore
    const data = join(modules, "k8s.io", `kubectl@v${versions.kubernetes}`, "testdata", "openapi")
    copyFileSync(join(data, "swagger.json"), join(into, "swagger.json"))
    copyFileSync(join(data, "v3", "apis", "autoscaling", "v2.json"), join(into, "autoscaling-v2.json"))
    rmSync(modules, { recursive: true })
  })
