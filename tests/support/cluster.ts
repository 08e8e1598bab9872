/** The distributed engines that can be had here, and a system on them whose roles are processes of their own. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Role, type RoleName, startRole } from "./roles.ts"
import { type Environment, oracles, type Server, successful } from "./server.ts"
import { type ApicurioServer, startApicurio } from "./servers/apicurio.ts"
import { freePort } from "./ports.ts"
import { type KafkaServer, startKafka } from "./servers/kafka.ts"
import type { S3Server } from "./servers/s3-process.ts"
import { s3Servers } from "./servers/s3.ts"
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts"

/** Kafka, a registry and S3; the store is LMDB, shared by the processes of this machine, or FoundationDB where one is named. */
export interface Engines {
  readonly kafka: KafkaServer
  /** Between the broker and all that speak to it. */
  readonly brokerProxy: TcpProxy
  readonly registry: ApicurioServer
  readonly s3: S3Server
  /** Between S3 and all that speak to it. */
  readonly s3Proxy: TcpProxy
  /** The settings by which the program finds them. */
  readonly env: Environment
  /** Made for them, and removed with them. */
  readonly folder: string
  readonly dispose: () => Promise<void>
}

export const startEngines = async (): Promise<Engines> => {
  let kafka: KafkaServer | undefined
  let s3: S3Server | undefined
  const proxies = Promise.all([
    startTcpProxy(() => ({ host: "127.0.0.1", port: kafka?.port ?? 0 })),
    startTcpProxy(() => ({ host: "127.0.0.1", port: s3?.port ?? 0 })),
  ])
  const [brokerProxy, s3Proxy] = await proxies
  const registryStarted = startApicurio()
  ;[kafka, s3] = await Promise.all([startKafka({ advertisedPort: brokerProxy.port }), s3Servers()[0]!.start()])
  const registry = await registryStarted
  const { region, accessKeyId = "", secretAccessKey = "" } = s3.options()
  const env = {
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${brokerProxy.port}`,
    KAFKA_SESSION_TIMEOUT_MS: "2000",
    SCHEMA_REGISTRY_URL: registry.url,
    S3_ENDPOINT: `http://127.0.0.1:${s3Proxy.port}`,
    S3_ACCESS_KEY: accessKeyId,
    S3_SECRET_KEY: secretAccessKey,
    S3_REGION: region,
    MATYAN_S3_CREATE_BUCKET: "true",
  }
  const folder = mkdtempSync(join(tmpdir(), "matyan-engines-"))
  await successful(folder, ["topics", "create", "--partitions", "3", "--replication", "1"], env)
  const servers = [kafka, registry, s3]
  const dispose = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.dispose()))
    await Promise.all([brokerProxy.stop(), s3Proxy.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
  return { kafka, brokerProxy, registry, s3, s3Proxy, env, folder, dispose }
}

/** A system of one process per role, as the scenarios take it. */
export interface Cluster extends Server {
  readonly roles: Map<string, Role>
  /** The role that runs under a name such as `projector 2`. */
  readonly role: (name: string) => Role
  /** Begins a role anew, at its address, after it was stopped or killed. */
  readonly again: (name: string) => Promise<Role>
  /** The settings of its processes, for more of them. */
  readonly env: Environment
}

export interface ClusterOptions {
  readonly projectors?: number
  readonly env?: Environment
}

/** Starts one of each role, but as many projectors as are asked for. */
export const startCluster = async (folder: string, engines: Engines, options: ClusterOptions = {}): Promise<Cluster> => {
  const data = join(folder, "data")
  mkdirSync(data, { recursive: true })
  // The query gateway tells pages where the other one is, so that is settled before either starts.
  const frontierPort = options.env?.["MATYAN_FRONTIER_PORT"] ?? String(await freePort())
  const env = { ...engines.env, MATYAN_DATA_DIR: data, ...options.env, MATYAN_FRONTIER_PORT: frontierPort }
  const names: readonly (readonly [string, RoleName])[] = [
    ["ingest-gateway", "ingest-gateway"],
    ["query-gateway", "query-gateway"],
    ["control-worker", "control-worker"],
    ...Array.from({ length: options.projectors ?? 1 }, (_, i) => [`projector ${i + 1}`, "projector"] as const),
  ]
  const roles = new Map(await Promise.all(names.map(async ([key, name]) => [key, await startRole(name, folder, env)] as const)))
  const role = (name: string): Role => {
    const found = roles.get(name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }
  const ofAll = (act: (role: Role) => Promise<unknown>) => Promise.all([...roles.values()].map(act))
  const output = () => {
    const said = [...roles.values()].map((role) => role.output())
    return { stdout: said.map(({ stdout }) => stdout).join(""), stderr: said.map(({ stderr }) => stderr).join("") }
  }
  const { url: backendUrl } = role("query-gateway")
  const again = { ...options.env, MATYAN_FRONTIER_PORT: frontierPort, MATYAN_BACKEND_PORT: new URL(backendUrl).port }
  return {
    folder,
    roles,
    role,
    again: async (name) => {
      const begun = await role(name).restart()
      roles.set(name, begun)
      return begun
    },
    env,
    backendUrl,
    frontierUrl: role("ingest-gateway").url,
    pid: role("ingest-gateway").pid,
    output,
    stop: async () => void (await ofAll((role) => role.stop())),
    kill: async () => void (await ofAll((role) => role.kill())),
    restart: () => startCluster(folder, engines, { ...options, env: again }),
    ...oracles(folder, env),
  }
}
