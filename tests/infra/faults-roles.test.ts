import { test } from "vitest"
import { partitionOf } from "../../domain/murmur2.ts"
import { metric, openSocket, type Socket } from "../support/client-frames.ts"
import { laws, loadedCluster } from "../support/loaded-cluster.ts"
import { at, restOf } from "../support/rest.ts"
import { startRole } from "../support/roles.ts"
import { until } from "../support/wait.ts"

/** How often projectors die; MATYAN_KILLS=30 before a release. */
const kills = Number(process.env["MATYAN_KILLS"] ?? 10)
/** After so long a silent projector's partitions go to another; see the settings of the engines. */
const sessionSeconds = 2

const system = loadedCluster({ projectors: 2 })

const some = (most: number): number => Math.floor(system.random() * most)
const oneOf = <A>(list: readonly A[]): A => list[some(list.length)]!
const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1_000))

test(`Law 3, Law 9, Law 1: ${kills} projectors die at any moment, and ${laws}`, async () => {
  const connections = system.load.connect(system.cluster)
  for (let kill = 0; kill < kills; kill++) {
    const name = oneOf(["projector 1", "projector 2"])
    await system.load.reached(some(80), connections)
    await system.cluster.role(name).kill()
    await system.cluster.again(name)
  }
  await system.expectLaws()
})

test(`Law 3: projectors come, go, stop for longer than their session and go on, and ${laws}`, async () => {
  const connections = system.load.connect(system.cluster)
  for (let round = 0; round < 4; round++) {
    const stopped = system.cluster.role(oneOf(["projector 1", "projector 2"]))
    process.kill(stopped.pid, "SIGSTOP")
    // It may have been stopped within a transaction, so that others cannot begin before it goes on.
    const joining = startRole("projector", system.engines.folder, system.cluster.env)
    // With what it holds already read, it goes on when another has its partitions.
    await seconds(2 * sessionSeconds)
    process.kill(stopped.pid, "SIGCONT")
    const joined = await joining
    await system.load.reached(some(100), connections)
    await (round % 2 === 0 ? joined.stop() : joined.kill())
  }
  await system.load.reached(100, connections)
  await system.expectLaws()
})

test(`Law 9, Law 3, Law 1: every role dies at any moment, and ${laws}`, async () => {
  const names = [...system.cluster.roles.keys()]
  let connections = system.load.connect(system.cluster)
  for (const name of [...names, oneOf(names)].toSorted(() => system.random() - 0.5)) {
    await system.load.reached(some(80), connections)
    await system.cluster.role(name).kill()
    if (name === "ingest-gateway") await connections
    await system.cluster.again(name)
    if (name === "ingest-gateway") connections = system.load.connect(system.cluster)
  }
  await system.expectLaws()
})

test(`Law 9: every role that is told to end does so in order under load, and ${laws}`, async () => {
  let connections = system.load.connect(system.cluster)
  for (const name of system.cluster.roles.keys()) {
    await system.load.reached(some(80), connections)
    const begun = performance.now()
    await system.cluster.role(name).stop()
    const ended = performance.now()
    if (name === "ingest-gateway") await connections
    await system.cluster.again(name)
    if (name === "ingest-gateway") connections = system.load.connect(system.cluster)
    told(`${name} drained`, ended - begun)
    told(`${name} was ready again`, performance.now() - ended)
  }
  await system.expectLaws()
})

test("a projector that is killed is replaced", async () => {
  const runs = [0, 1, 2].map((partition) => runIn(partition))
  const sockets = await Promise.all(runs.map((run) => openSocket(system.cluster.frontierUrl, run)))
  for (let kill = 0; kill < 3; kill++) {
    const name = oneOf(["projector 1", "projector 2"])
    await until("both to fold", () => bothFold(runs, sockets), Boolean)
    const begun = performance.now()
    await system.cluster.role(name).kill()
    await visible(runs, sockets)
    told("a killed projector was replaced", performance.now() - begun)
    await system.cluster.again(name)
  }
  for (const socket of sockets) socket.close()
})

/** Whether each projector has folded something since it began. */
const bothFold = async (runs: readonly string[], sockets: readonly Socket[]): Promise<boolean> => {
  await visible(runs, sockets)
  const counts = ["projector 1", "projector 2"].map(async (name) => {
    const metrics = await (await fetch(`${system.cluster.role(name).url}/metrics/`)).text()
    return Number(/^matyan_ingestion_messages_consumed_total (\d+)$/m.exec(metrics)?.[1] ?? 0)
  })
  return (await Promise.all(counts)).every((count) => count > 0)
}

const told = (what: string, ms: number): void => void process.stdout.write(`${what} after ${(ms / 1_000).toFixed(2)} s\n`)

const runIn = (partition: number): string => {
  for (;;) {
    const run = crypto.randomUUID().replaceAll("-", "")
    if (partitionOf(Buffer.from(run), 3) === partition) return run
  }
}

/** Logs a point to each run and waits until all are folded. */
const visible = async (runs: readonly string[], sockets: readonly Socket[]): Promise<void> => {
  const { ask } = restOf(system.cluster.backendUrl)
  // A frame that equals the one before it on its connection is that frame, sent again.
  const name = crypto.randomUUID()
  await Promise.all(sockets.map((socket) => socket.send(metric(name, 0, 1))))
  const isThere = async (run: string): Promise<boolean> => {
    const { body } = await ask("POST", `/runs/${run}/metric/get-batch/`, [{ name, context: {} }])
    return at(body, 0, "values", 0) === 1
  }
  await until("points to be folded", () => Promise.all(runs.map(isThere)), (all) => all.every(Boolean)) // prettier-ignore
}
