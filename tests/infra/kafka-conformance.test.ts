import { afterAll, beforeAll } from "vitest"
import { eventLogSuite } from "../conformance/event-log.suite.ts"
import { freshFolder } from "../support/folders.ts"
import { kafkaLogIn, kafkaOptions, makeTopics } from "../support/kafka-log.ts"
import { type KafkaServer, startKafka } from "../support/servers/kafka.ts"

let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.dispose())

let count = 0

eventLogSuite("kafka", {
  fresh: () => {
    const options = kafkaOptions(kafka.address, `log${count++}`)
    const folder = freshFolder()
    let made: Promise<void> | undefined
    const layer = () => kafkaLogIn(options, folder, () => (made ??= makeTopics(options)))
    return { writer: layer(), reader: layer() }
  },
})
