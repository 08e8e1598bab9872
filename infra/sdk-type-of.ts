/** JSON Schema, in the words that the API's document uses, as types of TypeScript. */
import type { JsonSchema } from "../gateways/query/api-schema.ts"

/** What readers rebuild as something better than its schema says. */
const rebuilt: Readonly<Record<string, string>> = { NumericArray: "Float64Array<ArrayBuffer>" }

/** The type that a schema describes; `name` is the schema's own where it is a named one. */
export const typeOf = (schema: unknown, name = ""): string => {
  if (rebuilt[name] !== undefined) return rebuilt[name]
  if (!isSchema(schema)) return "unknown"
  const { type } = schema
  if (typeof schema["$ref"] === "string") return typeName(schema["$ref"].split("/").at(-1) ?? "")
  if ("const" in schema) return JSON.stringify(schema["const"])
  if (Array.isArray(schema["enum"])) return schema["enum"].map((one) => JSON.stringify(one)).join(" | ")
  if (Array.isArray(schema["anyOf"])) return [...new Set(schema["anyOf"].map((one) => typeOf(one)))].join(" | ")
  if (Array.isArray(type)) return type.map((one: unknown) => typeOf({ ...schema, type: one })).join(" | ")
  if (type === "array") return arrayOf(schema)
  if (type === "object") return objectOf(schema)
  if (schema["description"] === "Bytes") return "Uint8Array<ArrayBuffer>"
  return plain[String(type)] ?? "unknown"
}

const plain: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
}

/** Named schemas as types are named: `Item_images` is `ItemImages`. One would hide a type of the language. */
export const typeName = (name: string): string =>
  name === "Error" ? "Refusal" : name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** An object type of these properties; all that are not required may be left out. */
export const propertiesOf = (properties: Readonly<Record<string, unknown>>, required: readonly string[], more = ""): string => {
  const printed = Object.entries(properties).map(
    ([name, schema]) =>
      `${commented(schema)}readonly ${/^\w+$/.test(name) ? name : JSON.stringify(name)}${required.includes(name) ? "" : "?"}: ${typeOf(schema)}`,
  )
  return `{\n${[...printed, ...(more === "" ? [] : [more])].join("\n")}\n}`
}

/** What a schema says of itself, as a comment on a line of its own. */
export const commented = (schema: unknown): string =>
  isSchema(schema) && typeof schema["description"] === "string" ? `/** ${schema["description"].replaceAll("*/", "* /")} */\n` : ""

const arrayOf = ({ items, minItems, maxItems }: JsonSchema): string => {
  const item = typeOf(items)
  const count = Number(minItems ?? 0)
  if (count > 0 && minItems === maxItems) return `readonly [${Array<string>(count).fill(item).join(", ")}]`
  return `readonly (${item})[]`
}

const objectOf = ({ properties, required, additionalProperties, patternProperties }: JsonSchema): string => {
  const named = isSchema(properties) ? properties : {}
  const patterned =
    isSchema(patternProperties) && additionalProperties === false ? Object.values(patternProperties)[0] : undefined
  const others = patterned ?? (isSchema(additionalProperties) ? additionalProperties : undefined)
  if (Object.keys(named).length === 0) return `Readonly<Record<string, ${typeOf(others)}>>`
  const types = [...new Set([typeOf(others), ...Object.values(named).map((one) => typeOf(one))])].join(" | ")
  const more = others === undefined ? "" : `readonly [name: string]: ${types}`
  return propertiesOf(named, Array.isArray(required) ? required : [], more)
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value)
