/** Pages that have the SDK's build for browsers, as a bundler or a plain script tag would give it to them. */
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"

export interface Pages {
  /** The origin of the pages; every path that is no file of the build is an empty page with `sdk` and `reader` at hand. */
  readonly url: string
  readonly stop: () => Promise<void>
}

const page = `<!doctype html><title>A page that logs</title><link rel="icon" href="data:,"><script type="module">
  import * as sdk from "/browser.js"
  import * as reader from "/read.js"
  Object.assign(globalThis, { sdk, reader })
</script>`

/** Logs so many points into a run, and says how it ended. */
const worker = `import { init } from "/browser.js"
  onmessage = async ({ data: { id, url, points } }) => {
    const run = await init({ id, url, experiment: "worker" })
    for (let i = 0; i < points; i++) run.log({ loss: i })
    const canvas = new OffscreenCanvas(3, 2)
    canvas.getContext("2d").fillRect(0, 0, 1, 1)
    run.image("drawn", canvas)
    postMessage(await run.finish())
  }`

/** Serves a folder that `buildSdk` made. */
export const servePages = async (dist: string): Promise<Pages> => {
  const server = createServer(({ url = "/" }, response) => {
    const file = join(dist, new URL(url, "http://page").pathname)
    const isScript = file.endsWith(".js")
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
    if (url === "/worker.js") response.end(worker)
    else if (isScript && existsSync(file)) response.end(readFileSync(file))
    else response.end(page)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  // A server that listens at a port has an address of this form.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
