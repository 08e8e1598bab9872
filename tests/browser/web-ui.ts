/** The stock web UI as a person uses it: its pages, buttons and query fields. */
import { mkdirSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Locator, Page, Request } from "playwright-core"
import { type Browser, type Expected, openBrowser } from "../support/browser.ts"
import { until } from "../support/wait.ts"

/** What the stock UI gets wrong by itself; nothing here is of our server's making. */
const expected: readonly Expected[] = [
  {
    pattern:
      /^failed: GET \S+\/(runs\/active|runs\/search\/run|logs|log-records|info|activity|params|note)\b\S* net::ERR_ABORTED$/,
    reason: "it ends what it still reads when another page is opened",
  },
  {
    pattern: /^failed: GET \S+\/static-files\/\S+ net::ERR_ABORTED$/,
    reason: "it fetches its editor ahead, on pages that are left before that is there",
  },
  {
    pattern: /^exception: The play\(\) request was interrupted because the media was removed/,
    reason: "it puts another player in the place of the one that was pressed",
  },
  { pattern: /^exception: signal is aborted without reason$/, reason: "it does not await the reads that it ends" },
]

/**
 * It loads a Python for the code blocks of reports from a CDN, and shows no report before that is there. This one runs nothing;
 * it is made of classes, since the UI freezes plain objects and then writes to them.
 */
const pyodide = `window.loadPyodide = async () => new (class Python {
  _api = new (class Api {})()
  toPy() { return {} }
  async runPythonAsync() {}
  runPython() {}
})()`

/** Its editor's loader rejects what nobody awaits where an editor goes before its program is there; told as "Object", like much else. */
const ignoreLeftEditors = (): void =>
  addEventListener("unhandledrejection", (event) => {
    const { type } = Object(event.reason) as { readonly type?: unknown }
    if (type === "cancelation") event.preventDefault()
  })

const loading = ":is(.Spinner, .BusyLoaderWrapper, .ChartLoader, .ProgressBar__container):visible"

export class WebUi {
  readonly page: Page
  readonly #browser: Browser
  readonly #url: string
  readonly #screenshots: string
  /** What the UI writes and has no answer to yet. */
  readonly #writes = new Set<Request>()

  private constructor(browser: Browser, url: string, screenshots: string) {
    this.page = browser.page
    this.#browser = browser
    this.#url = url
    this.#screenshots = screenshots
    this.page.on("request", (request) => {
      if (request.method() !== "GET") this.#writes.add(request)
    })
    for (const end of ["requestfinished", "requestfailed"] as const)
      this.page.on(end as "requestfinished", (request) => this.#writes.delete(request))
  }

  /** Screenshots go to the folder named by MATYAN_SCREENSHOTS, else to one of their own. */
  static async open(url: string, apiHost: string): Promise<WebUi> {
    const named = process.env["MATYAN_SCREENSHOTS"]
    if (named !== undefined) mkdirSync(named, { recursive: true })
    const scripts = { "https://cdn.jsdelivr.net/pyodide/": pyodide }
    const browser = await openBrowser({ origins: [url, apiHost], expected, scripts })
    await browser.page.addInitScript(ignoreLeftEditors)
    return new WebUi(browser, url, named ?? mkdtempSync(join(tmpdir(), "matyan-screenshots-")))
  }

  get screenshots(): string {
    return this.#screenshots
  }

  troubles(): readonly string[] {
    return this.#browser.troubles()
  }

  close(): Promise<void> {
    return this.#browser.close()
  }

  async go(path: string): Promise<void> {
    // A write that shows on the server may still wait for its answer; a person would not be so quick to leave.
    await until(
      "the answers to what was written",
      () => Promise.resolve(this.#writes.size),
      (left) => left === 0,
    )
    await this.page.goto(`${this.#url}${path}`)
    await this.page.locator("#preload-spinner").waitFor({ state: "detached" })
  }

  /** Waits until each text can be seen and nothing is loading any more, and keeps a picture of that. */
  async sees(picture: string, ...texts: readonly (string | RegExp)[]): Promise<void> {
    try {
      for (const text of texts) await this.text(text).waitFor()
      await this.page.locator(loading).first().waitFor({ state: "hidden" })
    } finally {
      await this.page.screenshot({ path: join(this.#screenshots, `${picture}.png`) })
    }
  }

  text(text: string | RegExp): Locator {
    return this.page.getByText(text).locator("visible=true").first()
  }

  /** Presses a button by its words, which may stand behind an icon; the first on the page, or in a dialog. */
  async press(name: string, within = "body"): Promise<void> {
    await this.page.locator(`${within} button:enabled`, { hasText: name }).first().click()
  }

  /** Picks sequences or parameters in the list behind an explorer's first button. */
  async choose(...options: readonly string[]): Promise<void> {
    await this.page.locator("button.MuiButton-contained").first().click()
    for (const option of options) await this.page.getByRole("option", { name: option, exact: true }).click()
    await this.page.keyboard.press("Escape")
  }

  /** Types a query over the one that is there, and searches. */
  async search(query: string): Promise<void> {
    await this.page.locator(".monaco-editor").first().click()
    await this.page.keyboard.press("ControlOrMeta+A")
    await this.page.keyboard.press("Delete")
    await this.page.keyboard.type(query)
    await this.page.keyboard.press("Escape")
    await this.press("Search")
  }
}
