/** What only browsers have is logged from a page: canvases, image data, audio buffers, blobs and streams. */
import { createServer } from "node:http"
import { build } from "rolldown"
import { afterAll, expect, it } from "vitest"
import { openBrowser } from "../support/browser.ts"
import { freshFolder } from "../support/folders.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterAll(endAll)

/** Serves the SDK's entry for browsers, with its chunks, to a page that imports it as `init`. */
const servePage = async () => {
  const { output } = await build({
    input: { browser: new URL("../../sdk/browser.ts", import.meta.url).pathname },
    output: { format: "esm" },
    write: false,
  })
  const files = new Map(output.map((file) => [`/${file.fileName}`, file.type === "chunk" ? file.code : ""]))
  files.set("/", `<script type="module">import { init } from "/browser.js"; globalThis.init = init</script>`)
  const http = createServer((request, response) => {
    const isScript = request.url?.endsWith(".js") === true
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html").end(files.get(request.url ?? "") ?? "")
  })
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  const address = http.address()
  return { http, origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` }
}

/** Runs on the page. */
const logAll = async (url: string) => {
  const { init } = globalThis as unknown as { readonly init: typeof import("../../sdk/browser.ts").init }
  const run = await init({ url, quiet: true })
  const canvas = document.createElement("canvas")
  canvas.width = 3
  canvas.height = 2
  const drawing = canvas.getContext("2d")!
  drawing.fillStyle = "rgb(255, 0, 0)"
  drawing.fillRect(0, 0, 3, 2)
  run.image("canvas", canvas)
  drawing.fillStyle = "rgb(0, 0, 255)"
  drawing.fillRect(0, 0, 3, 2)
  run.image("canvas", canvas, { caption: "blue" })
  const offscreen = new OffscreenCanvas(4, 5)
  offscreen.getContext("2d")!.fillRect(0, 0, 4, 5)
  run.image("offscreen", offscreen)
  run.image("data", drawing.getImageData(0, 0, 3, 2))
  run.audio("buffer", new AudioBuffer({ length: 10, sampleRate: 8_000, numberOfChannels: 2 }))
  run.distribution("weights", Float32Array.of(1, 2, 3))
  const stream = new Blob(["streamed"]).stream().pipeThrough(new TransformStream<Uint8Array, Uint8Array>())
  const results = await Promise.all([
    run.artifact(new File(["of a form"], "form.txt"), { path: "form.txt" }),
    run.artifact(stream, { path: "stream.txt" }),
    run.artifact(new Blob([new Uint8Array(20 * 2 ** 20).fill(7)]), { path: "large.bin" }),
    run.artifact("/etc/hostname"),
  ])
  const { state, problems } = await run.finish()
  return { id: run.id, states: results.map(({ state }) => state), state, problems }
}

it("a page logs what it draws and holds, and all of it is there", async () => {
  const { http, origin } = await servePage()
  const server = await startServer(freshFolder(), { CORS_ORIGINS: JSON.stringify([origin]) })
  const browser = await openBrowser({ origins: [origin, server.frontierUrl], expected: [], scripts: {} })
  try {
    await browser.page.goto(origin)
    await browser.page.waitForFunction(() => "init" in globalThis)
    const logged = await browser.page.evaluate(logAll, server.frontierUrl)
    expect(logged).toMatchObject({ state: "finished", states: ["uploaded", "uploaded", "uploaded", "refused"] })
    expect(logged.problems).toEqual([expect.stringContaining("paths of files are for Node")])
    expect(browser.troubles()).toEqual([])
    const { id } = logged
    const rest = restOf(server.backendUrl)
    await until("the run's end", () => rest.ask("GET", `/runs/${id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore

    const shown = at(await rest.tree(`/runs/search/images/?record_density=0`), id, "traces") as readonly Json[]
    const sizes = shown.map((trace) => [
      at(trace, "name"),
      at(trace, "values", 0, 0, "width"),
      at(trace, "values", 0, 0, "height"),
    ])
    expect(sizes).toEqual(expect.arrayContaining([["canvas", 3, 2], ["offscreen", 4, 5], ["data", 3, 2]])) // prettier-ignore
    const canvas = shown.find((trace) => at(trace, "name") === "canvas")
    const uris = [0, 1].map((step) => String(at(canvas, "values", step, 0, "blob_uri")))
    const blobs = await rest.tree("/runs/images/get-batch/", uris)
    const colours: unknown[] = []
    for (const uri of uris) colours.push(await browser.page.evaluate(colourOf, [...(at(blobs, uri) as Uint8Array)]))
    expect(colours).toEqual([
      [255, 0, 0, 255],
      [0, 0, 255, 255],
    ])
    const bytesOf = (path: string) => rest.bytes(`/runs/${id}/artifacts/download/?path=${path}`)
    expect(Buffer.from(await bytesOf("form.txt")).toString()).toBe("of a form")
    expect(Buffer.from(await bytesOf("stream.txt")).toString()).toBe("streamed")
    expect(Buffer.from(await bytesOf("large.bin")).equals(Buffer.alloc(20 * 2 ** 20, 7))).toBe(true)
  } finally {
    await browser.close()
    http.close()
  }
})

/** The first pixel of a picture, as the page sees it. */
const colourOf = async (png: readonly number[]) => {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(png)]))
  const drawing = new OffscreenCanvas(1, 1).getContext("2d")!
  drawing.drawImage(bitmap, 0, 0)
  return [...drawing.getImageData(0, 0, 1, 1).data]
}
