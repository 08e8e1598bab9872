import { readFileSync } from "node:fs"
import type { FastifyInstance } from "fastify"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { OpenApi } from "../../gateways/query/openapi.ts"
import { document, formatted, typesOf } from "../../infra/sdk-types.ts"
import { goldenStore } from "../support/golden-store.ts"

describe("the types of the API that the SDK is given", () => {
  let server: FastifyInstance
  beforeAll(async () => void ({ server } = await goldenStore({}, afterAll)))

  test("are made of the document that a server serves", async () => {
    const served = (await server.inject("/openapi.json")).json<OpenApi>()
    const byName = (types: string) => types.split("\n").sort()
    expect(byName(typesOf(document()))).toEqual(byName(typesOf(served)))
  })

  test("are those that are committed; `npm run sdk:types` makes them", () => {
    const committed = readFileSync(new URL("../../sdk/read/api-types.ts", import.meta.url), "utf8")
    expect(committed).toBe(formatted(typesOf(document())))
  })

  test("would differ were the document another", () => {
    const other = structuredClone(document())
    const paths = Object.entries(other.paths)
    expect(typesOf({ ...other, paths: Object.fromEntries(paths.slice(1)) })).not.toBe(typesOf(other))
  })
})
