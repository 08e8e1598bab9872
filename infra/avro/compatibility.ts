import avsc from "avsc"
import type { Definition } from "./codec.ts"

/** Why a schema (as JSON) cannot read what an earlier one wrote (Confluent's BACKWARD), or is none at all; null where it can. */
export const incompatibility = (schema: string, earlier: string | undefined): string | null => {
  try {
    const reader = avsc.Type.forSchema(JSON.parse(schema))
    if (earlier !== undefined) reader.createResolver(avsc.Type.forSchema(JSON.parse(earlier)))
    return null
  } catch (error) {
    return `the schema does not read what was written before: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Every version that a registry would refuse after the one before it, with the reason. */
export const brokenChains = (definitions: readonly Pick<Definition, "type" | "versions">[]): readonly string[] =>
  definitions.flatMap(({ type, versions }) =>
    versions.flatMap(({ schema }, index) => {
      const earlier = versions[index - 1]
      const reason = incompatibility(JSON.stringify(schema), earlier && JSON.stringify(earlier.schema))
      return reason === null ? [] : [`${type}/${index + 1}: ${reason}`]
    }),
  )
