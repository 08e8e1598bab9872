/** The page at `/`: what runs here, how to log a first run, and the newest runs. */
import { createHash } from "node:crypto"
import { type Html, Html as Raw, html, join } from "./docs-page-html.ts"
import { script } from "./home-script.ts"
import { style } from "./home-style.ts"

export interface HomeMetric {
  readonly name: string
  /** As people read it, such as `subset=train`; empty for none. */
  readonly context: string
  readonly last: number | null
  readonly lastStep: number
}

export interface HomeRun {
  readonly id: string
  readonly name: string
  readonly experiment: string | null
  readonly active: boolean
  /** Unix seconds. */
  readonly createdAt: number
  readonly metrics: readonly HomeMetric[]
  /** Metrics beside those. */
  readonly others: number
}

export interface HomeData {
  readonly version: string
  /** Where clients read, and where they log: URLs. */
  readonly backendUrl: string
  readonly ingestionUrl: string
  readonly runs: number
  readonly activeRuns: number
  /** Events that are in the log but not shown yet. */
  readonly behind: number
  readonly newest: readonly HomeRun[]
}

const hashed = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** What the page may load: its own style and script, and changes from this server. */
export const homePolicy = [
  "default-src 'none'",
  `style-src ${hashed(style)}`,
  `script-src ${hashed(script)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ")

/** Not within the template, which may be laid out anew: the policy names these very bytes. */
const styleTag = new Raw(`<style>${style}</style>`)
const scriptTag = new Raw(`<script>${script}</script>`)

/** A rising curve. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2b59c3"/><path d="M3 12q4-1 5-5t5-4" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/></svg>',
)}`

export const homePage = (data: HomeData): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Matyan</title>
        <link rel="icon" href="${icon}" />
        ${styleTag}
      </head>
      <body>
        <header>
          <h1>Matyan</h1>
          <p class="dim">experiment tracker <span class="version">${data.version}</span></p>
          <nav aria-label="Documentation">
            <a href="docs">API</a>
            <a href="docs/web-ui.md">Web UI</a>
            <a href="openapi.json">OpenAPI</a>
          </nav>
        </header>
        <main>
          ${facts(data)}
          ${data.newest.length === 0 ? join([firstRun(data), newestRuns(data)]) : join([newestRuns(data), firstRun(data)])}
        </main>
        ${scriptTag}
      </body>
    </html>`.text.trimStart()

const facts = ({ runs, activeRuns, behind, backendUrl, ingestionUrl }: HomeData): Html =>
  html`<dl id="facts" data-live>
    <div>
      <dt>Runs</dt>
      <dd>${counted(runs)}<small>${counted(activeRuns)} active</small></dd>
    </div>
    <div>
      <dt>Projector</dt>
      <dd>${behind === 0 ? "up to date" : html`${counted(behind)}<small>events behind</small>`}</dd>
    </div>
    <div>
      <dt>Reading</dt>
      <dd class="url">${backendUrl}</dd>
    </div>
    <div>
      <dt>Logging</dt>
      <dd class="url">${ingestionUrl}</dd>
    </div>
  </dl>`

const newestRuns = ({ newest }: HomeData): Html =>
  html`<section aria-labelledby="newest">
    <div class="title">
      <h2 id="newest">Newest runs</h2>
      <span id="state" class="dim" role="status"></span>
    </div>
    <div id="runs" data-live>${newest.length === 0 ? html`<p class="dim none">No runs yet.</p>` : runTable(newest)}</div>
  </section>`

const runTable = (runs: readonly HomeRun[]): Html =>
  html`<table>
    <thead>
      <tr>
        <th scope="col">Run</th>
        <th scope="col">Experiment</th>
        <th scope="col">Created</th>
        <th scope="col">Last values</th>
      </tr>
    </thead>
    <tbody>
      ${join(runs.map(runRow))}
    </tbody>
  </table>`

const runRow = ({ id, name, experiment, active, createdAt, metrics, others }: HomeRun): Html =>
  html`<tr>
    <th scope="row">
      <a href="api/v1/rest/runs/${encodeURIComponent(id)}/info/">${name === "" ? id : name}</a
      >${active ? html` <span class="active">active</span>` : ""}
      <small>${name === "" ? "" : id}</small>
    </th>
    <td>${experiment ?? ""}</td>
    <td>${timeTag(createdAt)}</td>
    <td>
      ${
        metrics.length === 0
          ? ""
          : html`<ul>
              ${join(metrics.map(metricItem))}${others === 0 ? "" : html`<li class="dim">${counted(others)} more</li>`}
            </ul>`
      }
    </td>
  </tr>`

const metricItem = ({ name, context, last, lastStep }: HomeMetric): Html =>
  html`<li title="at step ${lastStep}">
    <span class="metric">${name}${context === "" ? "" : html` <small>${context}</small>`}</span> <b>${shownNumber(last)}</b>
  </li>`

const timeTag = (seconds: number): Html | string => {
  const date = new Date(seconds * 1_000)
  if (Number.isNaN(date.getTime())) return ""
  const text = date.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 16).replace("T", " ")} UTC</time>`
}

const counted = (count: number): string => count.toLocaleString("en-US")

/** Five digits, or all that stand before the point. */
const shownNumber = (value: number | null): string => {
  if (value === null) return "–"
  return String(Math.abs(value) >= 10_000 ? Math.round(value) : Number(value.toPrecision(5)))
}

const firstRun = ({ backendUrl, ingestionUrl }: HomeData): Html =>
  html`<section aria-labelledby="first">
    <div class="title"><h2 id="first">Log a run</h2></div>
    <p>Any training script, with the stock Python client:</p>
    ${copyable("install", "pip install matyan-client==0.3.0")} ${copyable("log", snippet(backendUrl, ingestionUrl))}
  </section>`

const copyable = (id: string, text: string): Html =>
  html`<figure>
    <pre id="${id}" tabindex="0"><code>${text}</code></pre>
    <button type="button" data-copy="${id}" hidden>Copy</button>
  </figure>`

/** JSON's strings are Python's as well. */
const snippet = (backendUrl: string, ingestionUrl: string): string => `import os

os.environ["MATYAN_BACKEND_URL"] = ${JSON.stringify(backendUrl)}
os.environ["MATYAN_FRONTIER_URL"] = ${JSON.stringify(ingestionUrl)}

from matyan_client import Run

run = Run(experiment="first")
run["hparams"] = {"lr": 0.01, "batch_size": 64}
for step in range(100):
    run.track(1 / (step + 1), name="loss", step=step, context={"subset": "train"})
run.close()`
