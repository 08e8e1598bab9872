import { type Keywords, type Meter, type PyValue, raise } from "./values.ts"

/** A method of a plain value, or a builtin, called with its own arguments. */
export type Method = (self: PyValue, args: readonly PyValue[], keywords: Keywords, meter: Meter) => PyValue

/**
 * Binds arguments to parameters by place or name: `a b / c` in the signature means a and b are by place only, and
 * `?` ends an optional one. Raises TypeError for too few, too many, doubled or unknown ones.
 */
export const bindArguments = (
  signature: Signature,
  args: readonly PyValue[],
  keywords: Keywords,
): readonly (PyValue | undefined)[] => {
  if (args.length > signature.names.length) return raise("TypeError")
  const bound: (PyValue | undefined)[] = [...args]
  for (const [name, value] of keywords) {
    const at = signature.names.indexOf(name)
    if (at < signature.positional || bound[at] !== undefined) return raise("TypeError")
    bound[at] = value
  }
  for (let at = 0; at < signature.required; at++) if (bound[at] === undefined) return raise("TypeError")
  return bound
}

export interface Signature {
  readonly names: readonly string[]
  /** Parameters that only a place can fill. */
  readonly positional: number
  readonly required: number
}

export const signature = (text: string): Signature => {
  const words = text === "" ? [] : text.split(" ")
  const slash = words.indexOf("/")
  const names = words.filter((word) => word !== "/")
  return {
    names: names.map((word) => word.replace("?", "")),
    positional: slash === -1 ? 0 : slash,
    required: names.filter((word) => !word.endsWith("?")).length,
  }
}
