/** A Kafka broker of our own, from Maven Central. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { once } from "node:events"
import { promisify } from "node:util"
import { freePort } from "../ports.ts"
import { until } from "../wait.ts"
import { cached, tool } from "./cache.ts"

const kafkaVersion = "4.4.0"
const java = "java"
const javaAdvice = "the tests on Kafka need Java 17 or later (Debian: apt-get install openjdk-17-jre-headless)"
const mavenAdvice = "Kafka is fetched by Maven 3 from its central repository (Debian: apt-get install maven)"

export interface KafkaServer {
  /** `host:port`. */
  readonly address: string
  readonly port: number
  readonly pid: () => number | undefined
  /** Ends it in order. */
  readonly stop: () => Promise<void>
  /** Ends it with SIGKILL. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data, and waits until it answers. */
  readonly restart: () => Promise<void>
  /** Ends it and removes its data. */
  readonly dispose: () => Promise<void>
}

export interface KafkaServerOptions {
  /** Lines of `server.properties` beside ours. */
  readonly properties?: Readonly<Record<string, string | number>>
  /** Where clients are sent to, when that is not the broker itself (a proxy before it). */
  readonly advertisedPort?: number
}

/** Starts a broker of one node, with short sessions and no delay of first rebalances, and waits until it answers. */
export const startKafka = async (options: KafkaServerOptions = {}): Promise<KafkaServer> => {
  const libraries = await kafkaLibraries()
  const folder = mkdtempSync(join(tmpdir(), "matyan-kafka-"))
  const [port, controllerPort] = [await freePort(), await freePort()]
  const properties = join(folder, "server.properties")
  writeFileSync(properties, propertiesText(folder, port, controllerPort, options))
  const format = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c", properties]
  await promisify(execFile)(java, [...javaOptions, "-cp", join(libraries, "*"), ...format]).catch((cause: unknown) => {
    throw new Error(`the storage of a broker could not be made; ${javaAdvice}`, { cause })
  })
  let process = await startProcess(libraries, folder, port)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (process.exitCode !== null || process.signalCode !== null) return
    const ended = once(process, "exit")
    process.kill(signal)
    await ended
  }
  return {
    address: `127.0.0.1:${port}`,
    port,
    pid: () => process.pid,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM")
      process = await startProcess(libraries, folder, port)
    },
    dispose: async () => {
      await end("SIGKILL")
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const javaOptions = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]

const propertiesText = (folder: string, port: number, controllerPort: number, options: KafkaServerOptions): string =>
  Object.entries({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${options.advertisedPort ?? port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(folder, "data"),
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "auto.create.topics.enable": false,
    // Without these a broker that was killed is let in again only after the default of nine seconds.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    ...options.properties,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")

const startProcess = async (libraries: string, folder: string, port: number): Promise<ChildProcess> => {
  const output = join(folder, "output.txt")
  const server = spawn(java, [...javaOptions, "-cp", join(libraries, "*"), "kafka.Kafka", join(folder, "server.properties")], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  const log = createWriteStream(output, { flags: "a" })
  server.stdout.pipe(log)
  server.stderr.pipe(log)
  // A test process that ends by itself takes its broker along.
  const killed = (): void => void server.kill("SIGKILL")
  process.once("exit", killed)
  server.once("exit", () => process.off("exit", killed))
  await until(
    "the broker to answer",
    async () => {
      if (server.exitCode !== null) throw new Error(`the broker ended:\n${readFileSync(output, "utf8").slice(-4_000)}`)
      return answers(port)
    },
    (is) => is,
    60,
  )
  return server
}

/** Whether a broker takes connections: it opens its port once it has joined its cluster. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port })
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

const kafkaLibraries = (): Promise<string> =>
  cached("kafka", kafkaVersion, async (folder) => {
    writeFileSync(join(folder, "pom.xml"), pom)
    // Maven holds what it fetches to the checksums of its repository; -C makes a difference fail.
    const args = ["-q", "-B", "-C", "dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${folder}`]
    await tool("mvn", args, folder, mavenAdvice)
  })

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>matyan</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`
