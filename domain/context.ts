/**
 * The identity of a sequence's context. The id is a hash of its canonical JSON, as the stored layout has it.
 * (SHA-256 is the one thing taken from the platform here: it is pure.)
 */
import { createHash } from "node:crypto"
import { toJson } from "./json-text.ts"
import type { ValueMap } from "./value.ts"

/** 0 for no or an empty context, else the first 32 bits of the SHA-256 of its canonical JSON, unsigned. */
export const contextId = (context: ValueMap | null): number =>
  context === null || context.size === 0 ? 0 : createHash("sha256").update(canonicalJson(context)).digest().readUInt32BE(0)

/** Python's `json.dumps(context, sort_keys=True, separators=(",", ":"))`. */
export const canonicalJson = (context: ValueMap): string => toJson(context, { canonical: true })
