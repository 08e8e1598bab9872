/** The chart renders objects that Kubernetes takes and that agree with the program; the image's files are enough to run it. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { compose, composeText, own } from "../support/deploy/compose.ts"
import { dockerfileText, stages } from "../support/deploy/dockerfile.ts"
import { fillAsImage } from "../support/deploy/image.ts"
import { type KubernetesObject, type Labels, objectChecker } from "../support/deploy/kubernetes.ts"
import { isPinned, portsOf, root, textOf, unknownSettings, version } from "../support/deploy/program.ts"
import { composeLoader, dockerfileParser, helm, kubernetesVersion } from "../support/deploy/tools.ts"
import { endAll, ending, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const chart = join(root, "infra/deploy/helm/matyan")
const examples = ["least", "all"] as const
type Example = (typeof examples)[number]

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}
interface Container {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly securityContext: unknown
  readonly resources: { readonly limits?: Labels; readonly requests?: Labels }
}
interface Pod {
  readonly metadata: { readonly labels: Labels }
  readonly spec: {
    readonly serviceAccountName: string
    readonly automountServiceAccountToken: boolean
    readonly securityContext: unknown
    readonly containers: readonly Container[]
    readonly volumes: readonly { readonly name: string }[]
    readonly terminationGracePeriodSeconds?: number
  }
}

const rendered = new Map<Example, readonly KubernetesObject[]>()
let check: (object: KubernetesObject) => string | null

const template = async (...args: readonly string[]) =>
  (await helm("template", "m", chart, "--kube-version", kubernetesVersion, ...args)).stdout
const valuesOf = (example: Example) => ["-f", join(chart, "ci", `${example}.yaml`)]

beforeAll(async () => {
  check = await objectChecker()
  for (const example of examples) {
    const documents = parseAllDocuments(await template(...valuesOf(example)), { uniqueKeys: true })
    for (const { errors } of documents) expect(errors).toEqual([])
    rendered.set(
      example,
      documents.map((one) => one.toJS() as KubernetesObject | null).filter((one) => one !== null),
    )
  }
}, 600_000)
afterAll(endAll)

const objects = (example: Example, kind?: string) =>
  (rendered.get(example) ?? []).filter((one) => kind === undefined || one.kind === kind)

/** The pod that an object starts, wherever it describes it. */
const podOf = ({ kind, spec }: KubernetesObject): Pod | undefined => {
  if (kind === "Deployment" || kind === "Job") return (spec as { readonly template: Pod }).template
  if (kind === "CronJob")
    return (spec as { readonly jobTemplate: { readonly spec: { readonly template: Pod } } }).jobTemplate.spec.template
  return undefined
}
const pods = (example: Example) => objects(example).flatMap((one) => podOf(one) ?? [])
const containers = (example: Example) => pods(example).flatMap(({ spec }) => spec.containers)
const role = ({ args: [first = ""] }: Container) => first
const matches = (selector: Labels, labels: Labels) => Object.entries(selector).every(([name, value]) => labels[name] === value)

describe.each(examples)("the chart, with %s of its values,", (example) => {
  it("renders without a warning of its linter", async () => {
    const { stdout } = await helm("lint", "--strict", chart, "--kube-version", kubernetesVersion, ...valuesOf(example))
    expect(stdout).toContain("0 chart(s) failed")
  })

  it("is of objects that Kubernetes takes, each with a name of its own", () => {
    expect(objects(example).map(check)).toEqual(objects(example).map(() => null))
    const names = objects(example).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it("runs each role and each job, of one pinned image", () => {
    const jobs = ["cleanup-orphan-blobs", "finish-stale", "topics", ...(example === "all" ? ["cleanup-tombstones"] : [])]
    const roles = ["control-worker", "ingest-gateway", "projector", "query-gateway"]
    expect(containers(example).map(role).toSorted()).toEqual([...roles, ...jobs].toSorted())
    for (const { image } of containers(example)) expect([image, isPinned(image)]).toEqual([image, true])
  })

  it("sets nothing that the program does not know, and no secret", () => {
    const [settings] = objects(example, "ConfigMap")
    // Node's own, for authorities that signed the registry's or the S3 server's certificate.
    const other = example === "all" ? ["NODE_EXTRA_CA_CERTS"] : []
    expect(unknownSettings(Object.keys(settings?.data ?? {}))).toEqual(other)
    for (const value of Object.values(settings?.data ?? {})) expect(typeof value).toBe("string")
    for (const { env = [] } of containers(example)) {
      expect(unknownSettings(env.map(({ name }) => name)).filter((name) => !other.includes(name))).toEqual([])
      for (const { name, value } of env) if (/SECRET|PASSWORD|ACCESS_KEY/.test(name)) expect(value).toBeUndefined()
    }
    expect(objects(example, "Secret")).toEqual([])
  })

  it("listens where the program does, and is asked where it answers", () => {
    for (const one of containers(example).filter(({ ports }) => ports !== undefined)) {
      expect(one.ports?.map(({ containerPort }) => containerPort)).toEqual(portsOf[role(one)])
      expect(one.startupProbe?.httpGet).toEqual({ path: "/health/live/", port: "http" })
      expect(one.livenessProbe?.httpGet).toEqual({ path: "/health/live/", port: "http" })
      expect(one.readinessProbe?.httpGet).toEqual({ path: "/health/ready/", port: "http" })
    }
    for (const { metadata, spec } of objects(example, "Service")) {
      const { ports } = spec as { readonly ports: readonly { readonly port: number; readonly targetPort: string }[] }
      const named = metadata.name.replace("m-matyan-", "")
      expect(ports).toMatchObject([{ port: (portsOf[named] ?? portsOf["projector"])?.[0], targetPort: "http" }])
    }
  })

  it("gives no pod rights that it does not need", () => {
    for (const { spec } of pods(example)) {
      expect(spec.automountServiceAccountToken).toBe(false)
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } })
      for (const { securityContext, resources } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        })
        expect(resources).toMatchObject({ limits: { memory: expect.any(String) }, requests: { cpu: expect.any(String) } })
      }
    }
  })

  it("leaves to the control worker's own schedule what no CronJob does", () => {
    const worker = containers(example).find((one) => role(one) === "control-worker")
    const zero = (worker?.env ?? []).filter(({ name }) => name.endsWith("_EVERY_HOURS"))
    expect(zero.map(({ value }) => value)).toEqual(objects(example, "CronJob").map(() => "0"))
  })

  it("refers to what is there: settings, accounts, volumes, services, deployments", () => {
    const has = (kind: string, name: string) => objects(example, kind).some(({ metadata }) => metadata.name === name)
    for (const { spec } of pods(example)) {
      expect(spec.serviceAccountName === "default" || has("ServiceAccount", spec.serviceAccountName)).toBe(true)
      const volumes = spec.volumes.map(({ name }) => name)
      for (const { volumeMounts, envFrom = [] } of spec.containers) {
        for (const { name } of volumeMounts) expect(volumes).toContain(name)
        expect(new Set(volumeMounts.map(({ name }) => name))).toEqual(new Set(volumes))
        for (const { configMapRef } of envFrom) expect(has("ConfigMap", configMapRef.name)).toBe(true)
      }
    }
    for (const { spec } of objects(example, "HorizontalPodAutoscaler"))
      expect(has("Deployment", (spec as { readonly scaleTargetRef: { readonly name: string } }).scaleTargetRef.name)).toBe(true)
    for (const { spec } of objects(example, "Ingress"))
      for (const [, name = ""] of JSON.stringify(spec).matchAll(/"service":\{"name":"([^"]+)"/g))
        expect(has("Service", name)).toBe(true)
  })

  it("starts nothing in its hook that the chart makes only afterwards", () => {
    for (const hook of objects(example).filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] !== undefined)) {
      expect(podOf(hook)?.spec.serviceAccountName).toBe("default")
      for (const { envFrom } of podOf(hook)?.spec.containers ?? []) expect(envFrom).toBeUndefined()
    }
  })

  it("has every file that a setting names under a mount", () => {
    const files = Object.entries(objects(example, "ConfigMap")[0]?.data ?? {}).filter(([name]) => /_FILE$|_CERTS$/.test(name))
    expect(files.length).toBeGreaterThan(0)
    for (const one of containers(example).filter(({ envFrom }) => envFrom !== undefined))
      for (const [name, path] of files)
        expect([name, one.volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`))]).toEqual([name, true])
  })

  it("selects each role's pods and no others", () => {
    const labels = pods(example).map(({ metadata }) => metadata.labels)
    const selected = (selector: Labels) => labels.filter((one) => matches(selector, one)).length
    for (const { spec } of [...objects(example, "Deployment"), ...objects(example, "PodDisruptionBudget")])
      expect(selected((spec as { readonly selector: { readonly matchLabels: Labels } }).selector.matchLabels)).toBe(1)
    for (const { metadata, spec } of objects(example, "Service")) {
      const count = selected((spec as { readonly selector: Labels }).selector)
      expect([metadata.name, count]).toEqual([metadata.name, metadata.name.endsWith("-metrics") ? labels.length : 1])
    }
  })

  it("lets nothing in but to gateways and metrics, and out only to what is named", () => {
    const allowed = objects(example, "NetworkPolicy").map(
      ({ spec }) =>
        spec as {
          readonly podSelector: { readonly matchLabels: Labels; readonly matchExpressions?: readonly unknown[] }
          readonly policyTypes: readonly string[]
          readonly ingress?: readonly { readonly ports: readonly { readonly port: number }[] }[]
          readonly egress?: readonly { readonly ports: readonly { readonly port: number }[] }[]
        },
    )
    const incoming = allowed.filter(({ policyTypes }) => policyTypes.includes("Ingress"))
    expect(
      incoming.flatMap(({ ingress = [] }) => ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).toSorted(),
    ).toEqual(
      [53800, 53801, 9090], // prettier-ignore
    )
    for (const { metadata } of pods(example))
      expect(incoming.filter(({ podSelector }) => matches(podSelector.matchLabels, metadata.labels)).length).toBeGreaterThan(0)
    const [outgoing, ...more] = allowed.filter(({ policyTypes }) => policyTypes.includes("Egress"))
    expect(more).toEqual([])
    for (const { metadata } of pods(example)) expect(matches(outgoing?.podSelector.matchLabels ?? {}, metadata.labels)).toBe(true)
    for (const { ports } of outgoing?.egress ?? []) expect(ports.length).toBeGreaterThan(0)
  })
})

describe("the chart refuses", () => {
  it.each([
    ["to be open to anybody without a word", ["acceptNoAuthentication=false"], /no authentication/],
    ["more projectors than partitions", ["roles.projector.replicas=7"], /do nothing but wait/],
    ["to guess where FoundationDB is", ["foundationdb.clusterFile.configMap="], /clusterFile/],
    ["to run without its secret", ["existingSecret="], /existingSecret/],
    ["a value that is none of its own", ["roles.projector.replica=2"], /replica/],
    ["a setting that it sets itself", ["settings.HOST=localhost"], /HOST/],
    ["an image of no version", ["image.tag=latest"], /tag/],
  ])("%s", async (_, set, reason) => {
    const asked = template(...valuesOf("least"), ...set.flatMap((one) => ["--set", one]))
    await expect(asked).rejects.toThrow(reason)
  })

  it("and the checks can fail", () => {
    const [deployment] = objects("least", "Deployment")
    expect(deployment && check({ ...deployment, spec: { ...(deployment.spec as object), replica: 2 } })).toMatch(/additional/)
    expect(check({ apiVersion: "v1", kind: "Nothing", metadata: { name: "x" } })).toMatch(/there is no/)
  })

  it("to be of another version than the program", () => {
    expect(parse(textOf("infra/deploy/helm/matyan/Chart.yaml"))).toMatchObject({ appVersion: version, version })
  })
})

describe("what is deployed", () => {
  let folder: string
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it("runs commands that the program has, with options that it knows", async () => {
    folder = mkdtempSync(join(tmpdir(), "matyan-"))
    const lines = [
      ...own(compose()).map(([, { command = [] }]) => command),
      ...containers("all").map(({ args }) => args),
      ["cleanup-orphan-blobs", "--dry-run"],
    ]
    for (const line of lines) {
      const { code, stderr } = await runCli(folder, [...line, "--help"])
      expect([line, code, stderr]).toEqual([line, 0, ""])
    }
  })

  it("answers at the paths of the probes and of the scraper", async () => {
    folder = mkdtempSync(join(tmpdir(), "matyan-"))
    const { backendUrl, frontierUrl } = await startServer(folder)
    const [monitor] = objects("all", "ServiceMonitor")
    const { endpoints } = (monitor?.spec ?? { endpoints: [] }) as { readonly endpoints: readonly { readonly path: string }[] }
    const scraped = endpoints.map(({ path }) => path)
    const probed = containers("all").flatMap(({ livenessProbe, readinessProbe }) => [livenessProbe?.httpGet.path, readinessProbe?.httpGet.path]) // prettier-ignore
    for (const path of new Set([...scraped, ...probed].filter((one) => one !== undefined)))
      for (const url of [backendUrl, frontierUrl]) expect([path, (await fetch(url + path)).status]).toEqual([path, 200])
  })

  it("is a compose file by Compose's own loader", async () => {
    folder = mkdtempSync(join(tmpdir(), "matyan-"))
    const filled = composeText()
      .replaceAll(/\$\{\w+:\?[^}]*\}/g, "given")
      .replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1")
    writeFileSync(join(folder, "compose.yaml"), filled)
    const { stdout } = await composeLoader("--format", "json", join(folder, "compose.yaml"))
    const loaded = JSON.parse(stdout) as { readonly services: Readonly<Record<string, unknown>> }
    expect(Object.keys(loaded.services)).toContain("projector")
    writeFileSync(join(folder, "wrong.yaml"), filled.replace("stop_grace_period:", "stop_grace:"))
    await expect(composeLoader(join(folder, "wrong.yaml"))).rejects.toThrow(/stop_grace/)
  })

  it("is a Dockerfile by BuildKit's own parser, which finds what we find", async () => {
    folder = mkdtempSync(join(tmpdir(), "matyan-"))
    const { stdout } = await dockerfileParser(join(root, "infra/deploy/Dockerfile"))
    const found = [...stdout.matchAll(/^\((\w+)/gm)].map(([, name = ""]) => name.toUpperCase())
    const ours = stages().flatMap(({ instructions }) => ["FROM", ...instructions.map(({ name }) => name)])
    expect(found).toEqual(["ARG", ...ours])
    expect(dockerfileText().startsWith("# syntax=")).toBe(false)
  })

  it("is an image whose files are enough to serve, and small", async () => {
    folder = mkdtempSync(join(tmpdir(), "matyan-image-"))
    const image = join(folder, "opt")
    mkdirSync(image)
    fillAsImage(image)
    expect(readdirSync(join(image, "node_modules")).filter((name) => /^(\.bin|node-linux|node-win|vitest|typescript)/.test(name))).toEqual([]) // prettier-ignore
    for (const left of ["tests", "docs", "infra/deploy/compose.yaml", "package-lock.json"])
      expect(existsSync(join(image, left))).toBe(false)
    const run = promisify(execFile)
    const { stdout: size } = await run("du", ["-sm", image])
    expect(Number.parseInt(size, 10)).toBeLessThan(120)
    const child = serve(image, join(folder, "data"))
    const [backend = "", frontier = ""] = await child.ready
    const healthy = (...ports: readonly string[]) => run(process.execPath, [join(image, "infra/deploy/healthy.ts"), ...ports])
    const isHealthy = () => healthy(backend, frontier).then(() => true, () => false) // prettier-ignore
    await until("its health", isHealthy, (so) => so)
    await expect(healthy(backend, "1")).rejects.toThrow(/port 1/)
    child.process.kill("SIGTERM")
    expect(await ending(child.process)).toBe(0)
  })
})

/** The program of a folder, with nothing of ours; its ports once it said that it is ready. */
const serve = (image: string, data: string): { readonly process: ChildProcess; readonly ready: Promise<readonly string[]> } => {
  const env = {
    MATYAN_DATA_DIR: data,
    MATYAN_BACKEND_PORT: "0",
    MATYAN_FRONTIER_PORT: "0",
    HOST: "0.0.0.0",
    MATYAN_INSECURE: "true",
  }
  const child = spawn(process.execPath, ["infra/cli.ts", "serve"], { cwd: image, env, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text))
  const ports = () => [...said.matchAll(/http:\/\/localhost:(\d+)/g)].map(([, port = ""]) => port)
  const ready = until("the image to serve", () => (child.exitCode === null ? said : Promise.reject(new Error(said))), () => ports().length >= 2).then(ports) // prettier-ignore
  return { process: child, ready }
}
