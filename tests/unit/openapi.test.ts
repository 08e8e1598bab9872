import type { FastifyInstance, FastifyRequest } from "fastify"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as parameters from "../../gateways/query/api-parameters.ts"
import { type OpenApi, openApi, operations } from "../../gateways/query/openapi.ts"
import { documentProblem } from "../support/api-document.ts"
import { type Method } from "../support/ask.ts"
import { goldenStore } from "../support/golden-store.ts"

const prefix = "/api/v1/rest"

/** Something that answers at each path of the golden store. */
const filled = (path: string): string => path.replace("/runs/{id}", `/runs/${"a".repeat(32)}`).replaceAll(/\{\w+\}/g, "ghost")

describe("the API's document", () => {
  let server: FastifyInstance
  let document: OpenApi
  beforeAll(async () => {
    ;({ server } = await goldenStore({}, afterAll))
    document = (await server.inject("/openapi.json")).json<OpenApi>()
  })

  const told = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase() as Method, path, operation })),
    )
  const own = () => told().filter(({ operation }) => !operation.tags.includes("Ingestion"))

  test("is one by the rules of OpenAPI 3.1", async () => {
    expect(await documentProblem(document)).toBeNull()
    expect(
      await documentProblem({ ...document, paths: { "/x": { get: { parameters: [{ name: "y" }] } } } } as unknown as OpenApi),
    ).not.toBeNull()
  })

  test("describes every route that is registered", () => {
    expect(
      told()
        .filter(({ operation }) => operation.summary === "Not described")
        .map(({ method, path }) => `${method} ${path}`),
    ).toEqual([])
    expect(openApi([`GET ${prefix}/new`], prefix).paths[`${prefix}/new`]?.["get"]?.summary).toBe("Not described")
  })

  test("describes no route that is not there", () => {
    const paths = new Set(own().map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`))
    const gone = Object.keys(operations).filter((route) => !paths.has(route) && !paths.has(route.replace(" /", ` ${prefix}/`)))
    expect(gone).toEqual([])
  })

  test("gives every operation a name of its own, and refers to nothing that is not there", () => {
    const ids = told().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "")
    expect(refs.filter((name) => !(name in document.components.schemas))).toEqual([])
    const unused = Object.keys(document.components.schemas).filter((name) => !refs.includes(name))
    expect(unused).toEqual([])
  })

  test("declares of each route the parameters that are read, and no other", async () => {
    const read = new Map<string, Set<string>>()
    const declared = new Map<string, Set<string>>()
    const restore = recordReads(read)
    for (const { method, path, operation } of own()) {
      const route = `${method} ${path}`
      declared.set(route, new Set(operation.parameters?.filter(({ in: where }) => where !== "path").map(({ name }) => name)))
      read.set(route, read.get(route) ?? new Set())
      const body = operation.requestBody?.content["application/json"]?.example
      const isEndless = operation.responses["200"]?.content?.["text/event-stream"] !== undefined
      await server
        .inject({
          method,
          url: filled(path),
          ...(isEndless ? { signal: AbortSignal.timeout(5_000) } : {}),
          ...(body === undefined ? {} : { payload: body as object }),
        })
        .catch((error: unknown) => expect(isEndless, String(error)).toBe(true))
    }
    restore()
    expect(inOrder(read)).toEqual(inOrder(declared))
  })

  test("is all that parameters are read by", () => {
    const folder = new URL("../../gateways/query/", import.meta.url)
    const readers = readdirSync(folder).filter((name) =>
      /request\.query\b|(text|integer|boolean|range)Parameters?\(|\b(bucketsIn|timezoneOffset)\(request/.test(
        readFileSync(new URL(name, folder), "utf8"),
      ),
    )
    expect(readers.toSorted()).toEqual(["api-parameters.ts", "buckets.ts", "parameter-kinds.ts", "parameters.ts"])
  })

  test("tells of bodies what is checked: each declared field of the wrong type is refused by name", async () => {
    for (const { method, path, operation } of own()) {
      const media = operation.requestBody?.content["application/json"]
      if (media === undefined) continue
      const { example } = media
      const wrongs: readonly (readonly [string, unknown])[] = Array.isArray(example)
        ? [
            ["body", { not: "a list" }],
            ["body", [5]],
          ]
        : Object.entries(media.schema["properties"] as Record<string, { readonly type?: unknown }>).map(
            ([name, { type }]) => [name, { ...(example as object), [name]: type === "integer" ? "5" : 5 }] as const,
          )
      for (const [name, payload] of wrongs) {
        const { statusCode, body } = await server.inject({ method, url: filled(path), payload: payload as object })
        expect([method, path, name, statusCode]).toEqual([method, path, name, 422])
        expect(body).toContain(name)
      }
    }
  })

  test("is shown as a page that loads nothing and names every operation", async () => {
    const { body, headers } = await server.inject("/docs")
    expect(headers["content-type"]).toBe("text/html; charset=utf-8")
    expect(headers["content-security-policy"]).toContain("default-src 'none'")
    for (const [, inline = ""] of body.matchAll(/<(?:style|script)>([^]*?)<\/(?:style|script)>/g))
      expect(headers["content-security-policy"]).toContain(createHash("sha256").update(inline).digest("base64"))
    for (const { operation } of told()) expect(body).toContain(`id="${operation.operationId}"`)
    expect(body).not.toMatch(/\b(src|href)="(https?:)?\/\//)
    expect((await server.inject("/docs/streams.md")).statusCode).toBe(200)
  })
})

const inOrder = (names: ReadonlyMap<string, ReadonlySet<string>>) =>
  Object.fromEntries([...names].map(([route, of]) => [route, [...of].toSorted()]))

/** Notes which parameters are read by which route, until what it answers is called. */
const recordReads = (read: Map<string, Set<string>>): (() => void) => {
  const all = Object.values(parameters) as unknown as { readonly name: string; read: (request: FastifyRequest) => unknown }[]
  const before = all.map(({ read: original }) => original)
  for (const [i, parameter] of all.entries())
    parameter.read = (request) => {
      const path = (request.routeOptions.url ?? "").replaceAll(/:(\w+)/g, "{$1}")
      const route = `${request.method} ${path}`
      read.set(route, (read.get(route) ?? new Set()).add(parameter.name))
      return before[i]?.(request)
    }
  return () => all.forEach((parameter, i) => (parameter.read = before[i] ?? parameter.read))
}
