/** The stock web UI's static files, served as its own package serves them; see tests/browser/requirements.txt. */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { python } from "./python.ts"
import { cached } from "./servers/cache.ts"

const requirements = fileURLToPath(new URL("../browser/requirements.txt", import.meta.url))

/** The package's folder of static files, installed once into a cache outside the checkout, checked against its hash. */
export const stockUi = async (): Promise<string> => {
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12)
  const folder = await cached("stock-ui", version, async (into) => {
    // Its server wants a later Python than ours; its files do not, and the server is not used.
    const pinned = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python"]
    const args = ["-m", "pip", "install", "--quiet", ...pinned, "--target", into, "-r", requirements]
    await promisify(execFile)(await python(), args, { timeout: 600_000 })
  })
  return join(folder, "matyan_ui", "static")
}

export interface UiServer {
  readonly url: string
  /** Names the API that pages opened from now on talk to; an origin, such as `http://127.0.0.1:53800`. */
  readonly pointAt: (apiHost: string) => void
  readonly stop: () => Promise<void>
}

/** Serves the files at any free port: `/static-files/…` as they are, and the index page for every other path. */
export const serveUi = async (files: string): Promise<UiServer> => {
  const template = readFileSync(join(files, "index-template.html"), "utf8")
  let apiHost = ""
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const found = /^\/static-files\/(.+?)\/?$/.exec(pathname)?.[1]
    if (found === undefined)
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(indexPage(template, apiHost))
    else void sendFile(files, decodeURIComponent(found), response)
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    pointAt: (host) => {
      apiHost = host
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped())
        server.closeAllConnections()
      }),
  }
}

/** The package's four placeholders, filled as its server fills them without settings but that of the API's host. */
const indexPage = (template: string, apiHost: string): string => {
  const values: Readonly<Record<string, string>> = {
    base_path: "",
    api_base_path: "/api/v1",
    api_host_base: apiHost,
    api_auth_token: "",
  }
  return template.replace(/\{\{ (\w+) \}\}/g, (whole, name: string) => values[name] ?? whole)
}

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".html": "text/html; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".ttf": "font/ttf",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
}

const sendFile = async (files: string, path: string, response: ServerResponse): Promise<void> => {
  const file = resolve(files, path)
  try {
    if (!file.startsWith(files + sep)) throw new Error("outside of the static files")
    const bytes = await readFile(file)
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" }).end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}
