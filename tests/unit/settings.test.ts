import { ConfigProvider, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { settings } from "../../infra/config.ts"

const settingsOf = (env: Readonly<Record<string, string>>) =>
  Effect.runPromise(Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })))

describe("settings", () => {
  it.each([
    ["KAFKA_DATA_INGESTION_TOPIC", "control-events"],
    ["KAFKA_CONTROL_EVENTS_TOPIC", "dead-letters"],
    ["KAFKA_DEAD_LETTERS_TOPIC", "data-ingestion"],
  ])("in which two of the topics are one are refused: %s=%s", async (name, topic) => {
    await expect(settingsOf({ KAFKA_BOOTSTRAP_SERVERS: "broker:9092", [name]: topic })).rejects.toThrow(/three topics.*their own/)
  })

  it("of brokers among which there is none are refused, rather than taken for no brokers at all", async () => {
    await expect(settingsOf({ KAFKA_BOOTSTRAP_SERVERS: " , " })).rejects.toThrow(/KAFKA_BOOTSTRAP_SERVERS/)
  })

  it.each(["OTEL_EXPORTER_OTLP_ENDPOINT", "S3_ENDPOINT", "S3_PUBLIC_ENDPOINT"])(
    "that are addresses hold no credentials, which health and logs would tell: %s",
    async (name) => {
      const refused = settingsOf({ [name]: "http://user:canary@127.0.0.1:1" })
      await expect(refused).rejects.toThrow(`${name} must not have credentials in it`)
      await expect(refused).rejects.not.toThrow("canary")
      await expect(settingsOf({ [name]: "localhost:9000" })).rejects.toThrow(`${name} must be an address`)
      await settingsOf({ [name]: "https://there.example:9000/" })
    },
  )

  it.each([
    ["MATYAN_BACKEND_PORT", "eighty"],
    ["MATYAN_FRONTIER_PORT", "70000"],
    ["MATYAN_TRASH_HOURS", "-1"],
    ["MATYAN_PARTITIONS", "1.5"],
    ["CORS_ORIGINS", "http://localhost"],
    ["BLOB_URI_SECRET", "short"],
    ["MATYAN_LIMIT_FRAME_ITEMS", "many"],
  ])("that are wrong are refused by name: %s=%s", async (name, value) => {
    await expect(settingsOf({ [name]: value })).rejects.toThrow(name)
  })

  it("that are empty are as if they were not given", async () => {
    const empty = { KAFKA_BOOTSTRAP_SERVERS: "", SCHEMA_REGISTRY_URL: "", S3_ENDPOINT: "", FDB_CLUSTER_FILE: "", HOST: "" }
    const { log, registry, blobs, store, host } = await settingsOf(empty)
    expect([log, registry, blobs, store, host]).toEqual(["lmdb", "embedded", "files", "lmdb", "127.0.0.1"])
  })
})
