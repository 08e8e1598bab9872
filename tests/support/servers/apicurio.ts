/** A schema registry of our own, with Confluent's REST API: Apicurio, from Maven Central. */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { until } from "../wait.ts"
import { cached, tool } from "./cache.ts"
import { freePort } from "../ports.ts"

const version = "3.0.9"
const sha256 = "2b28181501a20cbf6efcd77f9b7153908fc01f3d3a7c32024c0bd9e1b04c8a43"
const javaAdvice = "the tests on a schema registry need Java 17 or later (Debian: apt-get install openjdk-17-jre-headless)"
const mavenAdvice = "Apicurio is fetched by Maven 3 from its central repository (Debian: apt-get install maven)"

export interface ApicurioServer {
  /** Where clients of Confluent's registry reach it. */
  readonly url: string
  /** Starts it on the same port and data, where it does not run, and waits until it answers. */
  readonly start: () => Promise<void>
  /** Ends it in order. */
  readonly stop: () => Promise<void>
  /** Ends it with SIGKILL. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data, and waits until it answers. */
  readonly restart: () => Promise<void>
  /** Starts it again on the same port, without any data. */
  readonly restartEmpty: () => Promise<void>
  /** Ends it and removes its data. */
  readonly dispose: () => Promise<void>
}

/** Starts a registry that keeps its schemas in a fresh folder, with no rule of compatibility by default. */
export const startApicurio = async (): Promise<ApicurioServer> => {
  const program = await apicurioFolder()
  const folder = mkdtempSync(join(tmpdir(), "matyan-apicurio-"))
  const port = await freePort()
  const data = join(folder, "data")
  let process = await startProcess(program, folder, port)
  const isOver = () => process.exitCode !== null || process.signalCode !== null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isOver()) return
    const ended = once(process, "exit")
    process.kill(signal)
    await ended
  }
  const start = async (): Promise<void> => {
    if (isOver()) process = await startProcess(program, folder, port)
  }
  return {
    url: urlAt(port),
    start,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM")
      await start()
    },
    restartEmpty: async () => {
      await end("SIGKILL")
      rmSync(data, { recursive: true, force: true })
      await start()
    },
    dispose: async () => {
      await end("SIGKILL")
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const urlAt = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`

const apicurioFolder = (): Promise<string> =>
  cached("apicurio", version, async (folder) => {
    const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`
    await tool(
      "mvn",
      ["-q", "-B", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
      folder,
      mavenAdvice,
    )
    const archive = join(folder, `apicurio-registry-app-${version}-all.tar.gz`)
    const hash = createHash("sha256")
    await pipeline(createReadStream(archive), hash)
    if (hash.digest("hex") !== sha256) throw new Error(`${archive} is not the archive that was expected (SHA-256)`)
    await tool("tar", ["-xzf", archive], folder, "Apicurio is unpacked by tar (Debian: apt-get install tar)")
    rmSync(archive)
  })

const startProcess = async (program: string, folder: string, port: number) => {
  const output = join(folder, "output.log")
  const child = spawn("java", [...javaOptions(folder, port), "-jar", `apicurio-registry-app-${version}-runner.jar`], {
    cwd: program,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const log = createWriteStream(output, { flags: "a" })
  child.stdout.pipe(log)
  child.stderr.pipe(log)
  let failure: Error | undefined
  child.on("error", (error) => {
    failure = error
  })
  await until("a schema registry to answer", () => ended(child, failure) || answers(port), Boolean, 120)
  if (ended(child, failure))
    throw new Error(
      `a schema registry did not start; ${javaAdvice}\n${failure?.message ?? readFileSync(output, "utf8").slice(-2_000)}`,
    )
  return child
}

const ended = (child: { readonly exitCode: number | null }, failure: Error | undefined): boolean =>
  failure !== undefined || child.exitCode !== null

const answers = async (port: number): Promise<boolean> => {
  try {
    return (await fetch(`${urlAt(port)}/subjects`)).ok
  } catch {
    return false
  }
}

const javaOptions = (folder: string, port: number): readonly string[] => [
  "-Xmx384m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dquarkus.http.host=127.0.0.1",
  `-Dquarkus.http.port=${port}`,
  "-Dquarkus.http.access-log.enabled=false",
  "-Dquarkus.log.level=WARN",
  `-Dapicurio.datasource.url=jdbc:h2:file:${join(folder, "data", "registry")}`,
]
