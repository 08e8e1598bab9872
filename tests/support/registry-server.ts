/** A small registry that speaks Confluent's REST API, and can be told to misbehave. Schemas get ids from 1 in order. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { onTestFinished } from "vitest"

export interface Asked {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
}

export interface RegistryServer {
  readonly url: string
  readonly port: number
  readonly asked: readonly Asked[]
  readonly levels: ReadonlyMap<string, string>
  /** Answers instead of the registry where it returns true. */
  misbehave: (asked: Asked, response: ServerResponse) => boolean
  /** How a schema is given back. */
  wording: (schema: string) => string
}

export const registryServer = async (): Promise<RegistryServer> => {
  const texts: string[] = []
  const levels = new Map<string, string>()
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void answered(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("a listening server has no port")
  const registry: RegistryServer = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    asked,
    levels,
    misbehave: () => false,
    wording: (schema) => schema,
  }
  const answered = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url: path = "", headers } = request
    const now = { method, path, authorization: headers.authorization }
    asked.push(now)
    const body = Buffer.concat(await request.toArray()).toString()
    if (registry.misbehave(now, response)) return
    const [status, answer] = answerTo(now, body === "" ? {} : JSON.parse(body))
    json(response, status, answer)
  }
  const answerTo = ({ method, path }: Asked, body: { readonly schema?: string; readonly compatibility?: string }): Reply => {
    const [, folder, name = "", last] = path.split("/")
    if (folder === "config" && method === "GET") {
      const level = levels.get(name)
      return level === undefined ? absent(40_408) : [200, { compatibilityLevel: level }]
    }
    if (folder === "config") return [200, (levels.set(name, body.compatibility ?? ""), body)]
    if (folder === "subjects" && body.schema !== undefined) {
      if (!texts.includes(body.schema)) texts.push(body.schema)
      return [200, { id: texts.indexOf(body.schema) + 1 }]
    }
    const text = texts[Number(last) - 1]
    return text === undefined ? absent(40_403) : [200, { schema: registry.wording(text) }]
  }
  return registry
}

type Reply = readonly [number, object]

const absent = (code: number): Reply => [404, { error_code: code, message: "not found" }]

export const json = (response: ServerResponse, status: number, answer: object): true => {
  response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" }).end(JSON.stringify(answer))
  return true
}
