import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Exit, Layer, ManagedRuntime, Stream } from "effect"
import { expect, onTestFinished, test } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { kafkaClient } from "../../infra/kafka/client.ts"
import { createTopics, missingTopics } from "../../infra/kafka/create-topics.ts"
import type { KafkaOptions } from "../../infra/kafka/options.ts"
import { describeTopics } from "../../infra/kafka/topics.ts"
import { FencingFolder } from "../support/fencing-folder.ts"
import { freshFolder } from "../support/folders.ts"
import { kafkaLogIn, kafkaOptions } from "../support/kafka-log.ts"
import { ids, tagged } from "../support/log-events.ts"
import { startKafka } from "../support/servers/kafka.ts"

/** Debian: apt-get install openssl. */
const openssl = "openssl"
const loginModule = "org.apache.kafka.common.security.plain.PlainLoginModule"

/** A certificate for the loopback address, and beside it the same with its key, as brokers want it. */
const certificate = (folder: string): { readonly caFile: string; readonly keystore: string } => {
  const [key, cert, keystore] = ["key.pem", "cert.pem", "keystore.pem"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
  execFileSync(openssl, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", ...names], {
    stdio: "ignore",
  })
  writeFileSync(keystore, readFileSync(key, "utf8") + readFileSync(cert, "utf8"))
  return { caFile: cert, keystore }
}

test("a cluster that asks for a name, a password and TLS is written, read and shared; a wrong password is told at once", async () => {
  const { caFile, keystore } = certificate(freshFolder())
  const kafka = await startKafka({
    properties: {
      "listener.security.protocol.map": "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "PLAINTEXT",
      "sasl.enabled.mechanisms": "PLAIN",
      "sasl.mechanism.inter.broker.protocol": "PLAIN",
      "listener.name.plaintext.plain.sasl.jaas.config": `${loginModule} required username="broker" password="b" user_broker="b" user_tests="secret";`,
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": keystore,
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": caFile,
    },
  })
  onTestFinished(() => kafka.dispose())
  const options: KafkaOptions = {
    ...kafkaOptions(kafka.address, "secure"),
    security: { protocol: "SASL_SSL", mechanism: "PLAIN", username: "tests", password: "secret", caFile },
  }
  const client = kafkaClient(options, () => undefined)
  const wanted = missingTopics(await describeTopics(client, options.topics), options.topics, { partitions: 2, replication: 1 })
  await createTopics(client, options.topics, wanted, false)
  const runtime = ManagedRuntime.make(kafkaLogIn(options, freshFolder()))
  onTestFinished(() => runtime.dispose())
  const events = [tagged("a"), tagged("b")]
  const folder = new FencingFolder(new Map())
  const batches = await runtime.runPromise(
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* log.append(events)
      yield* Effect.raceFirst(
        log.share("members", folder.share),
        Effect.promise(() => folder.holds(2)),
      )
      return yield* Stream.runCollect(log.source(new Map()))
    }),
  )
  expect(folder.ids()).toEqual(ids(events))
  expect(batches.flatMap(({ records }) => records)).toHaveLength(2)

  const wrong = { ...options, security: { ...options.security, password: "guessed" }, requestTimeoutMs: 60_000 }
  const refused = await Effect.runPromiseExit(Effect.scoped(Layer.build(kafkaLogIn(wrong, freshFolder()))))
  expect(Exit.isFailure(refused) && String(refused.cause)).toMatch(/authentication failed/i)
})
