import { mkdirSync } from "node:fs"
import { partitionOf } from "../../domain/murmur2.ts"
import { type Role, startRole } from "../../tests/support/roles.ts"
import { Client } from "../support/client.ts"
import { partitions, type Place } from "../support/engines.ts"
import { type Figure, repeated, type Sample } from "../support/figure.ts"
import { pointMessage } from "../support/frames.ts"
import { lastValues, until } from "../support/rest.ts"

export const recovery: Figure = {
  name: "recovery",
  says:
    "Each role a process of its own, two projectors: from the kill -9 of one until a point of each partition, sent after the kill, " +
    "shows in REST; and from a gateway's start after its kill -9 until it says that it is ready. In seconds.",
  measure: async ({ rounds, place }) => {
    const here = await place("recovery")
    mkdirSync(here.folder)
    const system = await startSystem(here)
    await folds(system, 0)
    const samples = await repeated(rounds, (round) => recovered(system, round + 1))
    await Promise.all([system.ingest, system.query, ...system.projectors].map((role) => role.kill()))
    return samples
  },
}

interface System {
  readonly place: Place
  ingest: Role
  query: Role
  projectors: readonly Role[]
}

const startSystem = async (place: Place): Promise<System> => {
  const start = (name: Role["name"]) => startRole(name, place.folder, place.settings)
  const [ingest, query, ...projectors] = await Promise.all([
    start("ingest-gateway"),
    start("query-gateway"),
    start("projector"),
    start("projector"),
  ])
  return { place, ingest, query, projectors }
}

const recovered = async (system: System, round: number): Promise<readonly Sample[]> => {
  const [killed, other] = [system.projectors[0]!, system.projectors[1]!]
  const replaced = await secondsOf(async () => {
    await killed.kill()
    await folds(system, round)
  })
  const replacement = await killed.restart()
  system.projectors = [other, replacement]
  // It has its share again, so that the next kill takes some partitions from their projector.
  await until(async () => {
    await folds(system, round)
    return isFolding(replacement)
  })
  const ingest = await secondsOf(async () => (system.ingest = await again(system.ingest)))
  const query = await secondsOf(async () => (system.query = await again(system.query)))
  await folds(system, round + 0.5)
  return [
    { name: "killed projector, until replaced", unit: "s", value: replaced },
    { name: "ingestion gateway, start until ready", unit: "s", value: ingest },
    { name: "query gateway, start until ready", unit: "s", value: query },
  ]
}

/** Begins a gateway anew at its address, as a supervisor would. */
const again = async (role: Role): Promise<Role> => {
  await role.kill()
  return role.restart()
}

/** One run of each partition. */
const runs = Array.from({ length: partitions }, (_, partition) => {
  for (let i = 0; ; i++) if (partitionOf(Buffer.from(`recovery-${i}`), partitions) === partition) return `recovery-${i}`
})

/** Sends a point to each partition, and waits until REST shows them. */
const folds = async ({ ingest, query }: System, value: number): Promise<void> => {
  await Promise.all(
    runs.map(async (run) => {
      const client = await Client.open(ingest.url, run)
      await client.send(pointMessage(run, value * 8, value))
      await client.close()
      await until(async () => (await lastValues(query.url, run))[0] === value)
    }),
  )
}

/** Whether a projector has folded anything. */
const isFolding = async ({ url }: Role): Promise<boolean> => {
  const text = await (await fetch(`${url}/metrics/`)).text()
  return /^matyan_ingestion_batch_size_count [1-9]/m.test(text)
}

const secondsOf = async (act: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await act()
  return (performance.now() - start) / 1_000
}
