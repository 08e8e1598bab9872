/** What the servers of the figures stand on. */
import { join } from "node:path"
import { type Environment, successful } from "../../tests/support/server.ts"
import { startKafka } from "../../tests/support/servers/kafka.ts"

export type EngineName = "embedded" | "kafka"

export interface Engines {
  /** The settings by which what works on a data folder finds its log; each folder has a log of its own. */
  readonly settingsOf: (folder: string) => Promise<Environment>
  readonly stop: () => Promise<void>
}

/** Starts what is not in the server's own process: for `kafka` one broker, on this machine. */
export const startEngines = (name: EngineName, root: string): Promise<Engines> =>
  name === "kafka" ? onKafka(root) : Promise.resolve({ settingsOf: () => Promise.resolve({}), stop: () => Promise.resolve() })

/** The log is in Kafka; registry, store and objects stay embedded. */
const onKafka = async (root: string): Promise<Engines> => {
  const kafka = await startKafka()
  const logs = new Map<string, Promise<Environment>>()
  const makeLog = async (name: string): Promise<Environment> => {
    const settings = {
      KAFKA_BOOTSTRAP_SERVERS: kafka.address,
      KAFKA_DATA_INGESTION_TOPIC: `${name}.data-ingestion`,
      KAFKA_CONTROL_EVENTS_TOPIC: `${name}.control-events`,
      KAFKA_DEAD_LETTERS_TOPIC: `${name}.dead-letters`,
      KAFKA_GROUP_PREFIX: `${name}.`,
      KAFKA_SESSION_TIMEOUT_MS: "2000",
    }
    await successful(root, ["topics", "create", "--partitions", String(partitions), "--replication", "1"], settings)
    return settings
  }
  return {
    settingsOf: (folder) => {
      const known = logs.get(folder) ?? makeLog(`log-${logs.size}`)
      logs.set(folder, known)
      return known
    },
    stop: () => kafka.dispose(),
  }
}

/** Of `data-ingestion`, in Kafka. */
export const partitions = 3

/** A folder within the one of a figure, with the settings of its log. */
export interface Place {
  readonly folder: string
  readonly settings: Environment
}

export const placeIn = async (engines: Engines, parent: string, name: string): Promise<Place> => {
  const folder = join(parent, name)
  return { folder, settings: await engines.settingsOf(folder) }
}
