/** Tables of what a JSON Schema lets in. */
import type { JsonSchema } from "./api-schema.ts"
import { code, html, type Html, join, prose } from "./docs-page-html.ts"

type Schemas = Readonly<Record<string, JsonSchema>>

interface Row {
  readonly path: string
  readonly type: string
  readonly isOptional: boolean
  readonly says: string
}

/** Named schemas within each other that are opened; deeper ones are told by name. */
const mostDepth = 6

/** A row for each property, those of what is inside below it. */
export const schemaTable = (schema: JsonSchema, schemas: Schemas): Html => {
  const rows = rowsOf(schema, schemas, "", false, 0)
  return html`<table>
    <thead>
      <tr>
        <th>Field</th>
        <th>Type</th>
        <th>What it is</th>
      </tr>
    </thead>
    <tbody>
      ${join(rows.map(row))}
    </tbody>
  </table>`
}

const row = ({ path, type, isOptional, says }: Row): Html =>
  html`<tr>
    <td>${path === "" ? html`<i>whole</i>` : code(path)}${isOptional ? html` <small>may be missing</small>` : ""}</td>
    <td>${type}</td>
    <td>${prose(says)}</td>
  </tr>`

const rowsOf = (given: JsonSchema, schemas: Schemas, path: string, isOptional: boolean, depth: number): readonly Row[] => {
  const schema = opened(given, schemas)
  const own = { path, type: typeText(given, schemas), isOptional, says: textOf(schema, "description") }
  return depth > mostDepth ? [own] : [own, ...insideOf(schema, schemas, path, depth)]
}

const insideOf = (schema: JsonSchema, schemas: Schemas, path: string, depth: number): readonly Row[] => {
  const required = Array.isArray(schema["required"]) ? schema["required"] : []
  const under = (name: string) => (path === "" ? name : `${path}.${name}`)
  const { items, properties, patternProperties, additionalProperties } = schema as Record<string, unknown>
  return [
    ...entriesIn(properties).flatMap(([name, one]) => rowsOf(one, schemas, under(name), !required.includes(name), depth + 1)),
    ...entriesIn(patternProperties).flatMap(([name, one]) => rowsOf(one, schemas, under(patternText(name)), false, depth + 1)),
    ...(isSchema(additionalProperties)
      ? rowsOf(additionalProperties, schemas, under(isSchema(patternProperties) ? "<run>" : "<name>"), false, depth + 1)
      : []),
    ...(isSchema(items) && isWorthOpening(opened(items, schemas))
      ? insideOf(opened(items, schemas), schemas, `${path}[]`, depth + 1)
      : []),
  ]
}

const isWorthOpening = (schema: JsonSchema): boolean => "properties" in schema || "items" in schema

/** Patterns of names that the document has, in words. */
const patternText = (pattern: string): string => (pattern.includes("progress_") ? "progress_<n>" : "<step>")

export const typeText = (given: JsonSchema, schemas: Schemas): string => {
  const schema = opened(given, schemas)
  const name = typeof given["$ref"] === "string" ? `${given["$ref"].split("/").at(-1)}` : ""
  if (Array.isArray(schema["anyOf"])) return schema["anyOf"].map((one: JsonSchema) => typeText(one, schemas)).join(" or ")
  if ("const" in schema) return JSON.stringify(schema["const"])
  if (Array.isArray(schema["enum"])) return schema["enum"].join(", ")
  if (schema["type"] === "array") {
    const inner = isSchema(schema["items"]) ? typeText(schema["items"], schemas) : "any"
    return `${name === "" ? "list" : name} of ${inner}`
  }
  if (name !== "") return name
  const type = Array.isArray(schema["type"]) ? schema["type"].join(" or ").replace("array", "list") : textOf(schema, "type")
  return `${type || "any"}${limits(schema)}`
}

const limits = (schema: JsonSchema): string =>
  ["minimum", "maximum", "default"]
    .filter((name) => name in schema && schema[name] !== "")
    .map((name) => `, ${{ minimum: "≥", maximum: "≤", default: "default" }[name]} ${String(schema[name])}`)
    .join("")

const opened = (schema: JsonSchema, schemas: Schemas): JsonSchema =>
  typeof schema["$ref"] === "string" ? (schemas[schema["$ref"].split("/").at(-1) ?? ""] ?? {}) : schema

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null

const entriesIn = (value: unknown): readonly (readonly [string, JsonSchema])[] =>
  isSchema(value) ? Object.entries(value as Readonly<Record<string, JsonSchema>>) : []

const textOf = (schema: JsonSchema, key: string): string => (typeof schema[key] === "string" ? schema[key] : "")
