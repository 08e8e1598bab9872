/** The API's document as tests use it: checked against OpenAPI's own schema, and answers checked against it. */
import { Validator } from "@seriousme/openapi-schema-validator"
import Ajv2020 from "ajv/dist/2020.js"
import type { OpenApi } from "../../gateways/query/openapi.ts"

/** What is wrong with the document by the rules of OpenAPI 3.1; null where nothing is. */
export const documentProblem = async (document: OpenApi): Promise<string | null> => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) })
  return valid ? null : JSON.stringify(errors)
}

/** Tells what is wrong with a value that should be as one of the document's schemas says; null where nothing is. */
export type Check = (schema: unknown, value: unknown) => string | null

/** With `isClosed`, objects may have no properties but those that are declared. */
export const checkerOf = (document: OpenApi, isClosed: boolean): Check => {
  const ajv = new Ajv2020.default({ strict: false, strictNumbers: false, allErrors: true })
  const shaped = (schema: unknown) => (isClosed ? closed(schema) : schema)
  ajv.addSchema({ $id: "document", components: { schemas: shaped(document.components.schemas) } } as object)
  return (schema, value) => {
    const validate = ajv.compile(shaped(absolute(schema)) as object)
    return validate(value) ? null : ajv.errorsText(validate.errors)
  }
}

const closed = (schema: unknown): unknown => {
  if (typeof schema !== "object" || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(closed)
  const inner = Object.fromEntries(Object.entries(schema).map(([key, item]) => [key, closed(item)]))
  return "properties" in inner && "type" in inner && !("additionalProperties" in inner)
    ? { ...inner, additionalProperties: false }
    : inner
}

const absolute = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')) as unknown
