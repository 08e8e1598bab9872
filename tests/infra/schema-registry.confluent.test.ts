import { afterAll, beforeAll } from "vitest"
import { confluentRegistry } from "../../infra/confluent/schema-registry.ts"
import { schemaRegistrySuite } from "../conformance/schema-registry.suite.ts"
import { freshFolder } from "../support/folders.ts"
import { type ApicurioServer, startApicurio } from "../support/servers/apicurio.ts"
import { join } from "node:path"

let server: ApicurioServer
beforeAll(async () => {
  server = await startApicurio()
})
afterAll(() => server.dispose())

// An id that was never given is waited for, which is for other tests.
const timeouts = { unknown: 0 }

schemaRegistrySuite("Confluent's API", () => confluentRegistry({ url: server.url, timeouts }))
schemaRegistrySuite("Confluent's API, with ids kept", () =>
  confluentRegistry({ url: server.url, timeouts, idsFile: join(freshFolder(), "ids.json") }),
)
