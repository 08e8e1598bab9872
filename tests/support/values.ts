import fc from "fast-check"
import { Float, float, int, type Value } from "../../domain/value.ts"

/** A value as the golden files write it. */
export type Node =
  | null
  | boolean
  | string
  | { readonly $int: string }
  | { readonly $float: string; readonly $bits: string }
  | { readonly $bytes: string }
  | { readonly $list: readonly Node[] }
  | { readonly $map: readonly (readonly [string | { readonly $int: string }, Node])[] }

export const nodeToValue = (node: Node): Value => {
  if (node === null || typeof node !== "object") return node
  if ("$int" in node) return int(BigInt(node.$int))
  if ("$float" in node) return float(Buffer.from(node.$bits, "hex").readDoubleBE())
  if ("$bytes" in node) return new Uint8Array(Buffer.from(node.$bytes, "hex"))
  if ("$list" in node) return node.$list.map(nodeToValue)
  return new Map(node.$map.map(([key, item]) => [typeof key === "string" ? key : key.$int, nodeToValue(item)]))
}

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }).map(int),
  fc.double().map(float),
  fc.constantFrom(new Float(1), new Float(-0), new Float(1e300)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
)

/** Any value that can be stored. */
export const aValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 20 }).map((entries) => new Map(entries)),
  ),
})).value
