/** `npm run sdk:types`: prints the API's document as the types by which the SDK asks, to sdk/read/api-types.ts. */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { asOf, position } from "../gateways/query/api-parameters.ts"
import { serverOperations } from "../gateways/query/api-entities.ts"
import {
  type ApiOperation,
  type ApiParameter,
  type ApiResponse,
  type OpenApi,
  openApi,
  operations,
} from "../gateways/query/openapi.ts"
import { apiPrefix } from "../gateways/query/server.ts"
import { commented, propertiesOf, typeName, typeOf } from "./sdk-type-of.ts"

/** The document as a server serves it, made without one. */
export const document = (): OpenApi =>
  openApi(
    Object.keys(operations).map((route) =>
      route in serverOperations && route !== "GET /version" ? route : route.replace(" ", ` ${apiPrefix}`),
    ),
    apiPrefix,
  )

/** The types of a document, as the source of a module. */
export const typesOf = ({ paths, components }: OpenApi): string => {
  const told = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => !operation.tags.includes("Ingestion"))
      .map(([method, operation]) => printed(`${method.toUpperCase()} ${path.replace(apiPrefix, "")}`, operation)),
  )
  const used = withinReach(`${told.join("\n")} ${typeName("Error")}`, components.schemas)
  const schemas = Object.entries(components.schemas)
    .filter(([name]) => used.has(typeName(name)))
    .map(([name, schema]) => `${commented(schema)}${declared(typeName(name), typeOf(schema, name))}`)
  return [
    "/** What the query gateway is asked and answers. Made of its OpenAPI document by `npm run sdk:types`: change that instead. */",
    ...schemas,
    `/** What every read takes beside its own. */\nexport interface AsOf ${propertiesOf(Object.fromEntries(shared.map(({ name, schema, says }) => [name, { ...schema, description: says }])), [])}`,
    "/** Every operation, by its method and path; paths are below the API's prefix, but for those of the server itself. */",
    `export interface Operations {\n${told.join("\n")}\n}`,
  ].join("\n\n")
}

const declared = (name: string, type: string): string =>
  type.startsWith("{") ? `export interface ${name} ${type}` : `export type ${name} = ${type}`

/** The parameters that all reads take, and of which changes take the second: each is told once. */
const shared = [asOf, position]

/** The names of the schemas that a text speaks of, and those that they speak of. */
const withinReach = (text: string, schemas: OpenApi["components"]["schemas"]): ReadonlySet<string> => {
  const reached = new Set<string>()
  const look = (source: string): void => {
    for (const [name, schema] of Object.entries(schemas)) {
      const type = typeName(name)
      if (reached.has(type) || !new RegExp(String.raw`\b${type}\b`).test(source)) continue
      reached.add(type)
      look(typeOf(schema, name))
    }
  }
  look(text)
  return reached
}

const printed = (name: string, { summary, description, parameters = [], requestBody, responses }: ApiOperation): string => {
  const of = (where: string) => parameters.filter((one) => one.in === where && !one.name.startsWith("X-Matyan-"))
  const body = requestBody?.content["application/json"]?.schema
  const given = [
    groupOf("path", of("path")),
    groupOf("query", of("query")),
    groupOf("headers", of("header")),
    body === undefined ? "" : `readonly body: ${typeOf(body)}`,
  ].filter((text) => text !== "")
  return [
    `/** ${[`${summary}.`, description].filter((text) => text !== undefined).join(" ")} */`,
    `${JSON.stringify(name)}: {`,
    given.length === 0 ? "" : `readonly given: { ${given.join("\n")} }`,
    ...answersOf(responses),
    "}",
  ].join("\n")
}

const groupOf = (group: string, all: readonly ApiParameter[]): string => {
  if (all.length === 0) return ""
  const own = all.filter(({ name }) => !isShared(name))
  const properties = Object.fromEntries(own.map(({ name, schema, description }) => [name, { ...schema, description }]))
  const required = own.filter((one) => one.required).map((one) => one.name)
  const common = all.filter(({ name }) => isShared(name)).length
  const types = [
    ...(own.length === 0 ? [] : [propertiesOf(properties, required)]),
    ...(common === 0 ? [] : [common === shared.length ? "AsOf" : 'Pick<AsOf, "position">']),
  ]
  return `readonly ${group}${required.length > 0 ? "" : "?"}: ${types.join(" & ")}`
}

const isShared = (name: string): boolean => shared.some((one) => one.name === name)

/** What may come of it where it succeeds, by the form in which it comes. */
const answersOf = (responses: ApiOperation["responses"]): readonly string[] => {
  const answers = new Map<string, Set<string>>()
  const add = (form: string, type: string) => answers.set(form, (answers.get(form) ?? new Set()).add(type))
  for (const [status, response] of Object.entries(responses).filter(([status]) => status.startsWith("2")))
    addAnswer(response, status, add)
  return [...answers].map(([form, types]) => `readonly ${form}: ${[...types].join(" | ")}`)
}

const addAnswer = ({ content = {} }: ApiResponse, status: string, add: (form: string, type: string) => void): void => {
  if (Object.keys(content).length === 0) add("nothing", "undefined")
  for (const [type, media] of Object.entries(content)) {
    if (media["x-events"] !== undefined) add("events", propertiesOf(media["x-events"], Object.keys(media["x-events"])))
    else if (media["x-tree"] !== undefined) add("tree", typeOf(media["x-tree"]))
    else if (media.schema !== undefined) add(status === "202" ? "accepted" : "json", typeOf(media.schema))
    else add(type.startsWith("text/") ? "text" : "raw", type.startsWith("text/") ? "string" : "Response")
  }
}

/** The module as it is committed: formatted as all source is. */
export const formatted = (source: string): string => {
  const oxfmt = fileURLToPath(new URL("../node_modules/.bin/oxfmt", import.meta.url))
  const { stdout, stderr, status } = spawnSync(oxfmt, ["--stdin-filepath=sdk/read/api-types.ts"], {
    input: source,
    encoding: "utf8",
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  })
  if (status !== 0) throw new Error(`oxfmt cannot read what was made: ${stderr}`)
  return stdout
}

if (import.meta.main) writeFileSync(new URL("../sdk/read/api-types.ts", import.meta.url), formatted(typesOf(document())))
