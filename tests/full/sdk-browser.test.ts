/** The SDK in Chromium: pages and workers that log, are cut off, reloaded and left, and read back. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { buildSdk } from "../../sdk/build.ts"
import type { init as Init } from "../../sdk/browser.ts"
import { connect, MatyanError } from "../../sdk/read.ts"
import type { Run } from "../../sdk/run.ts"
import { type Browser, openBrowser } from "../support/browser.ts"
import { type Pages, servePages } from "../support/sdk-pages.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

/** What the page's script puts there, and what the tests leave there between two calls. */
declare global {
  var sdk: { readonly init: typeof Init }
  var reader: { readonly connect: typeof connect }
  var run: Run
}

const folder = mkdtempSync(join(tmpdir(), "matyan-pages-"))
let pages: Pages
let server: Server
let browser: Browser
let page: Page

const expected = [
  {
    pattern: /net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)|WebSocket connection to \S+ failed/,
    reason: "the server is away",
  },
  { pattern: /^failed: \S+ \S+ net::ERR_ABORTED$/, reason: "a page that is left ends what it asks" },
  { pattern: /^answered 503/, reason: "the server is not ready again yet" },
]

beforeAll(async () => {
  const dist = join(folder, "dist")
  await buildSdk(dist)
  pages = await servePages(dist)
  server = await startServer(mkdtempSync(join(folder, "server-")), { CORS_ORIGINS: JSON.stringify([pages.url]) })
  browser = await openBrowser({ origins: [pages.url, server.frontierUrl, server.backendUrl], expected, scripts: {} })
  page = browser.page
  await open(page)
})

afterEach(() => expect(browser.troubles()).toEqual([]))

afterAll(async () => {
  await browser?.close()
  await endAll()
  await pages?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const open = async (page: Page): Promise<void> => {
  await page.goto(pages.url)
  await page.waitForFunction(() => "sdk" in globalThis && "reader" in globalThis)
}

/** Begins a run in a page, as `globalThis.run`. */
const begin = (page: Page, options: Parameters<typeof Init>[0]): Promise<void> =>
  page.evaluate(
    async (options) => {
      globalThis.run = await sdk.init(options)
    },
    { url: server.frontierUrl, ...options },
  )

/** Logs values from a number to before another, without steps. */
const logValues = (page: Page, from: number, to: number): Promise<void> =>
  page.evaluate(
    ([from, to]) => {
      for (let value = from; value < to; value++) run.log({ loss: value })
    },
    [from, to] as const,
  )

/** How many frames and blobs the database keeps; by then a page may be left. */
const kept = (page: Page): Promise<readonly [frames: number, duties: number]> =>
  page.evaluate(async () => {
    const answer = <A>(request: IDBRequest<A>): Promise<A> =>
      new Promise((resolve, reject) => {
        request.addEventListener("success", () => resolve(request.result))
        request.addEventListener("error", () => reject(request.error))
      })
    const database = await answer(indexedDB.open("matyan-spool"))
    const transaction = database.transaction(["frames", "duties"])
    const [frames, duties] = await Promise.all([
      answer(transaction.objectStore("frames").count()),
      answer(transaction.objectStore("duties").count()),
    ])
    database.close()
    return [frames, duties] as const
  })

const finish = (page: Page) => page.evaluate(() => run.finish())

/** The values of a metric, once there are so many: what is durable is visible moments later. */
const valuesOf = async (id: string, name: string, count: number): Promise<readonly number[]> => {
  const { metrics } = connect(server.backendUrl)
  const [series] = await until(
    `${count} points`,
    () => metrics.series({ runs: [id], names: [name] }),
    ([series]) => (series?.values.length ?? 0) >= count,
  )
  expect([...(series?.steps ?? [])]).toEqual(Array.from(series?.steps ?? [], (_, i) => i))
  return [...(series?.values ?? [])]
}

const lossOf = (id: string, count: number): Promise<readonly number[]> => valuesOf(id, "loss", count)

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

/** What the server says of a run, once its end is read; until its beginning is, there is no such run. */
const ended = (id: string) => {
  const { runs } = connect(server.backendUrl)
  const read = () =>
    runs.get(id).catch((error: unknown) => {
      if (error instanceof MatyanError && error.code === "not_found") return null
      throw error
    })
  return until("the run's end", read, (info) => info?.props.active === false)
}

const imagesOf = async (id: string): Promise<number> => {
  const info = await ended(id)
  return info?.traces.images?.length ?? 0
}

describe("a page in Chromium", () => {
  it("logs points, texts, canvases, blobs and its console, and reads them back by itself", async () => {
    await begin(page, { id: "page", experiment: "pages", config: { lr: 0.1 }, console: true })
    await logValues(page, 0, 1000)
    const artifact = await page.evaluate(async () => {
      run.text("remark", "from a page")
      const canvas = document.createElement("canvas")
      run.image("canvas", canvas)
      run.image("pixels", new ImageData(2, 2))
      run.distribution("weights", Float32Array.of(1, 2, 3))
      run.audio("tone", new Float32Array(100))
      console.log("a line of the console")
      return run.artifact(new Blob(["from a blob"]), { path: "blob.txt" })
    })
    expect(artifact).toEqual({ path: "blob.txt", files: 1, bytes: 11, state: "uploaded" })
    expect(await finish(page)).toMatchObject({ state: "finished", dropped: 0, problems: [] })
    await ended("page")
    const read = await page.evaluate(async (url) => {
      const { artifacts, logs, metrics, runs } = reader.connect(url)
      const [series] = await metrics.series({ runs: ["page"], names: ["loss"] })
      const file = await artifacts.download("page", "blob.txt")
      const { params } = await runs.get("page")
      const lines = []
      for await (const { line } of logs.lines("page")) lines.push(line)
      const found = []
      for await (const { name } of runs.query('run.experiment == "pages"')) found.push(name)
      return {
        values: [...series!.values],
        text: new TextDecoder().decode(await file.bytes()),
        params,
        lines,
        found: found.length,
      }
    }, server.backendUrl)
    expect(read).toMatchObject({ values: upTo(1000), text: "from a blob", params: { hparams: { lr: 0.1 } }, found: 1 })
    expect(read.lines).toContain("a line of the console")
    const { traces } = await connect(server.backendUrl).runs.get("page")
    expect([traces.images?.length, traces.audios?.length, traces.texts?.length, traces.distributions?.length]).toEqual([
      2, 1, 1, 1,
    ])
    expect(await kept(page)).toEqual([0, 0])
  })

  it("loses and repeats nothing when the server dies and the page is reloaded meanwhile", async () => {
    await begin(page, { id: "cut", quiet: true })
    await logValues(page, 0, 100)
    expect(await page.evaluate(() => run.flush())).toBe(true)
    await server.kill()
    await logValues(page, 100, 200)
    await page.evaluate(() => run.image("pixels", new ImageData(2, 2)))
    await until(
      "the page's spool",
      () => kept(page),
      ([frames, duties]) => frames > 0 && duties === 1,
    )
    await page.evaluate(() => run.flush(1))
    await page.reload()
    await page.waitForFunction(() => "sdk" in globalThis)
    await begin(page, { resume: "cut", quiet: true })
    await logValues(page, 200, 300)
    await until(
      "what two pages keep",
      () => kept(page),
      ([frames]) => frames > 1,
    )
    server = await server.restart()
    expect(await finish(page)).toMatchObject({ state: "finished", dropped: 0 })
    expect(await lossOf("cut", 300)).toEqual(upTo(300))
    expect(await imagesOf("cut")).toBe(1)
    expect(await kept(page)).toEqual([0, 0])
  })

  it("leaves what it logged last to the next page", async () => {
    await begin(page, { id: "left", quiet: true })
    await logValues(page, 0, 50)
    expect(await page.evaluate(() => run.flush())).toBe(true)
    await server.kill()
    await logValues(page, 50, 100)
    await until(
      "the page's spool",
      () => kept(page),
      ([frames]) => frames > 0,
    )
    await page.goto(`${pages.url}/another`)
    await page.waitForFunction(() => "sdk" in globalThis)
    server = await server.restart()
    await begin(page, { id: "next", quiet: true })
    expect(await lossOf("left", 100)).toEqual(upTo(100))
    expect(await finish(page)).toMatchObject({ state: "finished" })
  })

  it("shares a run with another page, and takes nothing that is the other's", async () => {
    const other = await page.context().newPage()
    await open(other)
    await begin(page, { id: "shared", quiet: true })
    await begin(other, { resume: "shared", join: true, quiet: true })
    await server.kill()
    await logValues(page, 0, 100)
    await other.evaluate(() => {
      for (let i = 0; i < 100; i++) run.log({ other: i })
    })
    await until(
      "both spools",
      () => kept(page),
      ([frames]) => frames >= 2,
    )
    server = await server.restart()
    expect((await Promise.all([finish(page), finish(other)])).map(({ state }) => state)).toEqual(["finished", "finished"])
    expect(await lossOf("shared", 100)).toEqual(upTo(100))
    expect(await valuesOf("shared", "other", 100)).toEqual(upTo(100))
    await other.close()
  })

  it("logs from a worker", async () => {
    const status = await page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          const worker = new Worker("/worker.js", { type: "module" })
          worker.addEventListener("message", ({ data }) => resolve(data))
          worker.addEventListener("error", ({ message }) => reject(new Error(message)))
          worker.postMessage({ id: "worker", url, points: 1000 })
        }),
      server.frontierUrl,
    )
    expect(status).toMatchObject({ state: "finished", dropped: 0, problems: [] })
    expect(await lossOf("worker", 1000)).toEqual(upTo(1000))
    expect(await imagesOf("worker")).toBe(1)
  })
})
