import avsc from "avsc"

/**
 * The same text for schemas that mean the same: with full names, no order of members, and no long forms. Registries give
 * back a schema in words of their own. A text that is no Avro schema stands for itself.
 */
export const schemaIdentity = (schema: string): string => {
  try {
    return JSON.stringify(avsc.Type.forSchema(JSON.parse(schema)).schema({ exportAttrs: true }))
  } catch {
    return schema
  }
}
