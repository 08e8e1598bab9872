/** The API's document as one page: no build, nothing from elsewhere, readable without its script. */
import { createHash } from "node:crypto"
import { anyOrigin, curlOf } from "./docs-page-curl.ts"
import { code, Html, html, join, prose } from "./docs-page-html.ts"
import { schemaTable, typeText } from "./docs-page-schema.ts"
import { script } from "./docs-page-script.ts"
import { style } from "./docs-page-style.ts"
import type { ApiOperation, ApiParameter, ApiResponse, MediaType, OpenApi } from "./openapi.ts"

const hashed = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** What the page may load: its own style and script, and nothing else. */
export const docsPolicy = [
  "default-src 'none'",
  `style-src ${hashed(style)}`,
  `script-src ${hashed(script(anyOrigin))}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ")

/** Not within the template, which may be laid out anew: the policy names these very bytes. */
const styleTag = new Html(`<style>${style}</style>`)
const scriptTag = new Html(`<script>${script(anyOrigin)}</script>`)

interface Told {
  readonly method: string
  readonly path: string
  readonly operation: ApiOperation
}

export const docsPage = (document: OpenApi): string => {
  const all = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Told => ({ method: method.toUpperCase(), path, operation })),
  )
  const groups = document.tags
    .map((tag) => ({ ...tag, told: all.filter(({ operation }) => operation.tags.includes(tag.name)) }))
    .filter(({ told }) => told.length > 0)
  const { title, version, description } = document.info
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} API</title>
        ${styleTag}
      </head>
      <body>
        <nav aria-label="Operations">
          <header>
            <b>${title} API</b> <small>${version}</small><button id="theme" type="button" aria-label="Light or dark">◐</button>
          </header>
          <input
            id="search"
            type="search"
            placeholder="Search paths and words  (/)"
            aria-label="Search operations"
            autocomplete="off"
          />
          ${join(
            groups.map(
              ({ name, told }) =>
                html`<section>
                  <h2><a href="#${anchor(name)}">${name}</a></h2>
                  ${join(told.map(entry))}
                </section>`,
            ),
          )}
        </nav>
        <main>
          <h1>${title} API</h1>
          <p>${prose(description)}</p>
          <p>
            As a document for tools: <a href="/openapi.json">openapi.json</a>. How binary streams are read:
            <a href="/docs/streams.md">streams.md</a>.
          </p>
          <details class="answer">
            <summary>Every error is told in the same form</summary>
            ${schemaTable({ $ref: "#/components/schemas/Error" }, document.components.schemas)}
          </details>
          <p id="none" hidden>Nothing here has these words.</p>
          ${join(groups.map(({ name, description: says, told }) => group(name, says, told, document)))}
        </main>
        ${scriptTag}
      </body>
    </html> `.text
}

const anchor = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]+/g, "-")

const badge = (method: string): Html => html`<span class="method ${method.toLowerCase()}">${method}</span>`

const entry = ({ method, path, operation: { operationId, summary } }: Told): Html =>
  html`<a href="#${operationId}" title="${path}" data-for="${operationId}">${badge(method)}<span>${summary}</span></a>`

const group = (name: string, says: string, told: readonly Told[], document: OpenApi): Html =>
  html`<section class="group" id="${anchor(name)}">
    <h2>${name}</h2>
    <p>${prose(says)}</p>
    ${join(told.map((one) => operationCard(one, document)))}
  </section>`

const operationCard = ({ method, path, operation }: Told, document: OpenApi): Html => {
  const { operationId, summary, description = "", parameters = [], requestBody, responses } = operation
  const { schemas } = document.components
  const body = requestBody?.content["application/json"]
  return html`<details id="${operationId}" data-words="${`${method} ${path} ${summary} ${description}`.toLowerCase()}">
    <summary>${badge(method)}<code>${new Html(breakable(path))}</code><span>${summary}</span></summary>
    <div class="inside">
      ${description === "" ? "" : html`<p>${prose(description)}</p>`}
      <h4>Example</h4>
      <pre class="curl">${curlOf(method, path, operation)}</pre>
      ${
        parameters.length === 0
          ? ""
          : html`<h4>Parameters</h4>
              ${parameterTable(parameters, document)}`
      }
      ${
        body === undefined
          ? ""
          : html`<h4>Body</h4>
              ${schemaTable(body.schema, schemas)}`
      }
      <h4>Answers</h4>
      ${join(Object.entries(responses).map(([status, response]) => answer(status, response, document)))}
    </div>
  </details>`
}

/** A long path may be broken at its slashes. It holds no character that HTML knows. */
const breakable = (path: string): string => html`${path}`.text.replaceAll("/", "/<wbr>")

const parameterTable = (parameters: readonly ApiParameter[], { components }: OpenApi): Html =>
  html`<table>
    <thead>
      <tr>
        <th>Name</th>
        <th>Type</th>
        <th>What it is</th>
      </tr>
    </thead>
    <tbody>
      ${join(
        parameters.map(
          ({ name, in: where, required, schema, description }) =>
            html`<tr>
              <td>${code(name)} <small>${where}${required && where !== "path" ? ", required" : ""}</small></td>
              <td>${typeText(schema, components.schemas)}</td>
              <td>${prose(description)}</td>
            </tr>`,
        ),
      )}
    </tbody>
  </table>`

const answer = (status: string, { description, headers = {}, content = {} }: ApiResponse, document: OpenApi): Html => {
  const [[type, media] = ["", undefined]] = Object.entries(content)
  const table = media === undefined || Number(status) >= 400 || status === "default" ? "" : mediaTable(media, document)
  const head = html`<b class="status s${status.slice(0, 1)}">${status}</b> ${prose(description)} <small>${type}</small>`
  const told = join(
    Object.entries(headers).map(([name, one]) => html`<p class="header">${code(name)} ${prose(one.description)}</p>`),
  )
  if (table === "" && told.text === "") return html`<p class="answer">${head}</p>`
  return html`<details class="answer">
    <summary>${head}</summary>
    ${told}${table}
  </details>`
}

const mediaTable = (media: MediaType, { components }: OpenApi): Html | "" => {
  const schema = media["x-tree"] ?? media.schema
  if (schema === undefined) return ""
  const codec = html`<p>A binary stream (<a href="/docs/streams.md">how to read it</a>) that holds:</p>`
  return html`${media["x-tree"] === undefined ? "" : codec}${schemaTable(schema, components.schemas)}`
}
