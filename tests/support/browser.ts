/** Debian's Chromium, driven without a screen, with an account of everything that goes wrong on its pages. */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type BrowserContext, chromium, type Page, type Request } from "playwright-core"

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

/** Something that goes wrong on a page whatever server it talks to. */
export interface Expected {
  readonly pattern: RegExp
  readonly reason: string
}

export interface BrowserOptions {
  /** The only origins that are really asked. */
  readonly origins: readonly string[]
  readonly expected: readonly Expected[]
  /** Stand-ins for scripts of other origins, by how their address begins; everything else elsewhere is empty. */
  readonly scripts: Readonly<Record<string, string>>
}

export interface Browser {
  readonly page: Page
  /** What went wrong since the last time this was asked: console errors, exceptions, failed requests; without what is expected. */
  readonly troubles: () => readonly string[]
  readonly close: () => Promise<void>
}

/** Opens a browser with a profile of its own, on the clock of a place four hours east of Greenwich. */
export const openBrowser = async ({ origins, expected, scripts }: BrowserOptions): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), "matyan-browser-"))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: installedChromium(),
    args: flags,
    viewport: { width: 1600, height: 1000 },
    timezoneId: "Asia/Yerevan",
    locale: "en-US",
  })
  await context.route(
    (url) => url.protocol.startsWith("http") && !origins.includes(url.origin),
    (route) => route.fulfill({ status: 200, ...standInFor(route.request(), scripts) }),
  )
  const page = context.pages()[0] ?? (await context.newPage())
  page.setDefaultTimeout(60_000)
  const seen: string[] = []
  watch(context, page, (trouble) => seen.push(trouble))
  return {
    page,
    troubles: () => seen.splice(0).filter((trouble) => !expected.some(({ pattern }) => pattern.test(trouble))),
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

const installedChromium = (): string => {
  const found = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
    (path) => path !== undefined && existsSync(path),
  )
  if (found === undefined)
    throw new Error("these tests need Chromium (Debian: apt-get install chromium), or CHROMIUM set to its program")
  return found
}

const standInFor = (request: Request, scripts: BrowserOptions["scripts"]) => {
  const types: Readonly<Record<string, string>> = { script: "text/javascript", stylesheet: "text/css", image: "image/svg+xml" }
  const script = Object.entries(scripts).find(([start]) => request.url().startsWith(start))
  return { contentType: types[request.resourceType()] ?? "application/json", body: script?.[1] ?? "" }
}

const watch = (context: BrowserContext, page: Page, trouble: (text: string) => void): void => {
  context.on("console", (message) => {
    if (message.type() === "error") trouble(`console: ${message.text()} (${message.location().url})`)
  })
  context.on("weberror", (error) => trouble(`exception: ${error.error().message}`))
  context.on("requestfailed", (request) =>
    trouble(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`),
  )
  context.on("response", (response) => {
    if (response.status() >= 400) trouble(`answered ${response.status()}: ${response.request().method()} ${response.url()}`)
  })
  page.on("crash", () => trouble("the page crashed"))
}
