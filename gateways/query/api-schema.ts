/** JSON Schema (2020-12) in the few words that the API's declarations need. */
import { Schema } from "effect"

export type JsonSchema = Readonly<Record<string, unknown>>

export const text = (says?: string): JsonSchema => ({ type: "string", ...described(says) })

export const number = (says?: string): JsonSchema => ({ type: "number", ...described(says) })

export const integer = (says?: string): JsonSchema => ({ type: "integer", ...described(says) })

export const flag: JsonSchema = { type: "boolean" }

/** Unix seconds. */
export const time: JsonSchema = { type: "number", description: "Unix seconds" }

export const list = (items: JsonSchema): JsonSchema => ({ type: "array", items })

/** A map from any name to values of one form. */
export const mapOf = (values: JsonSchema): JsonSchema => ({ type: "object", additionalProperties: values })

/** Any JSON object. */
export const anyObject: JsonSchema = { type: "object", additionalProperties: true }

/** An object of which all properties are there, but those named as optional. */
export const object = (properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
})

export const orNull = (schema: JsonSchema): JsonSchema =>
  typeof schema["type"] === "string" ? { ...schema, type: [schema["type"], "null"] } : { anyOf: [schema, { type: "null" }] }

/** One of the document's named schemas. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

/** What a body's own schema says, so that what is told is what is checked. */
export const schemaOf = (schema: Schema.Constraint): JsonSchema => plainer(Schema.toJsonSchemaDocument(schema).schema)

const described = (says: string | undefined) => (says === undefined ? {} : { description: says })

/** Effect writes what may be null or missing as a choice that names null twice. */
const plainer = (schema: unknown): JsonSchema => {
  if (typeof schema !== "object" || schema === null) return {}
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, item]): readonly (readonly [string, unknown])[] => {
      if (key === "anyOf" && Array.isArray(item)) return [["type", [...new Set(item.map(({ type }) => type))]]]
      if (key === "properties")
        return [[key, Object.fromEntries(Object.entries(item as object).map(([name, one]) => [name, plainer(one)]))]]
      return [[key, key === "items" ? plainer(item) : item]]
    }),
  )
}
