/** Serves the API's document, the page made of it, and the description of the binary streams. */
import type { FastifyInstance } from "fastify"
import { readFile } from "node:fs/promises"
import { docsPage, docsPolicy } from "./docs-page.ts"
import { notFound } from "./errors.ts"
import { type OpenApi, openApi } from "./openapi.ts"

/** To be called before any route is registered: the document tells all that come after. `prefix` is the API's. */
export const documentApi = (server: FastifyInstance, prefix: string): void => {
  const routes = knownRoutes(server)
  let made: OpenApi | undefined
  const document = (): OpenApi => (made ??= openApi(routes, prefix))

  server.get("/openapi.json", async () => document())

  server.get("/docs", async (_request, reply) =>
    reply.type("text/html; charset=utf-8").header("content-security-policy", docsPolicy).send(docsPage(document())),
  )

  server.get("/docs/streams.md", async (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send(await readFile(streams, "utf8").catch(noFile)),
  )
}

const streams = new URL("../../docs/streams.md", import.meta.url)

const noFile = (): never => {
  throw notFound("this installation has no documentation in it")
}

/** Fills while routes are registered; without the twins that end in a slash, and what frameworks add by themselves. */
const knownRoutes = (server: FastifyInstance): ReadonlySet<string> => {
  const known = new Set<string>()
  server.addHook("onRoute", ({ url, method }) => {
    if (url.includes("*")) return
    for (const name of typeof method === "string" ? [method] : method)
      if (name !== "HEAD" && name !== "OPTIONS") known.add(`${name} ${url.replace(/(.)\/$/, "$1")}`)
  })
  return known
}
