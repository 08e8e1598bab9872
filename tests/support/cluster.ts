/** The distributed engines that can be had here, and a system on them whose roles are processes of their own. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { type Role, type RoleName, startRole } from "./roles.ts"
import { type Environment, oracles, type Server, successful } from "./server.ts"
import { type ApicurioServer, startApicurio } from "./servers/apicurio.ts"
import { freePort, type KafkaServer, type KafkaServerOptions, startKafka } from "./servers/kafka.ts"
import type { S3Server } from "./servers/s3-process.ts"
import { s3Servers } from "./servers/s3.ts"

/** Kafka, a registry and S3; the store is LMDB, shared by the processes of this machine, or FoundationDB where one is named. */
export interface Engines {
  readonly kafka: KafkaServer
  readonly registry: ApicurioServer
  readonly s3: S3Server
  /** The settings by which the program finds them. */
  readonly env: Environment
  readonly dispose: () => Promise<void>
}

export const startEngines = async (folder: string, kafkaOptions: KafkaServerOptions = {}): Promise<Engines> => {
  const [kafka, registry, s3] = await Promise.all([startKafka(kafkaOptions), startApicurio(), s3Servers()[0]!.start()])
  const { region, accessKeyId = "", secretAccessKey = "" } = s3.options()
  const env = {
    KAFKA_BOOTSTRAP_SERVERS:
      kafkaOptions.advertisedPort === undefined ? kafka.address : `127.0.0.1:${kafkaOptions.advertisedPort}`,
    KAFKA_SESSION_TIMEOUT_MS: "2000",
    SCHEMA_REGISTRY_URL: registry.url,
    S3_ENDPOINT: s3.endpoint,
    S3_ACCESS_KEY: accessKeyId,
    S3_SECRET_KEY: secretAccessKey,
    S3_REGION: region,
    MATYAN_S3_CREATE_BUCKET: "true",
  }
  mkdirSync(folder, { recursive: true })
  await successful(folder, ["topics", "create", "--partitions", "3", "--replication", "1"], env)
  const dispose = async (): Promise<void> => {
    await Promise.all([kafka.dispose(), registry.dispose(), s3.dispose()])
  }
  return { kafka, registry, s3, env, dispose }
}

/** A system of one process per role, as the scenarios take it. */
export interface Cluster extends Server {
  readonly roles: Map<string, Role>
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
  const ofAll = (act: (role: Role) => Promise<unknown>) => Promise.all([...roles.values()].map(act))
  const output = () => {
    const said = [...roles.values()].map((role) => role.output())
    return { stdout: said.map(({ stdout }) => stdout).join(""), stderr: said.map(({ stderr }) => stderr).join("") }
  }
  const backendUrl = roles.get("query-gateway")?.url ?? ""
  const again = { ...options.env, MATYAN_FRONTIER_PORT: frontierPort, MATYAN_BACKEND_PORT: new URL(backendUrl).port }
  return {
    folder,
    roles,
    backendUrl,
    frontierUrl: roles.get("ingest-gateway")?.url ?? "",
    pid: roles.get("ingest-gateway")?.pid ?? 0,
    output,
    stop: async () => void (await ofAll((role) => role.stop())),
    kill: async () => void (await ofAll((role) => role.kill())),
    restart: () => startCluster(folder, engines, { ...options, env: again }),
    ...oracles(folder, env),
  }
}
