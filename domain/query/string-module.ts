import { PyObject, type PyValue } from "./values.ts"

/** A module: a bag of names. */
export class Module extends PyObject {
  readonly typeName = "module"
  readonly members: ReadonlyMap<string, PyValue>
  constructor(members: ReadonlyMap<string, PyValue>) {
    super()
    this.members = members
  }
  override attribute(name: string): PyValue {
    return this.members.get(name) ?? null
  }
}

const lower = "abcdefghijklmnopqrstuvwxyz"
const upper = lower.toUpperCase()
const digits = "0123456789"
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
const whitespace = " \t\n\r\v\f"

/** The constants of Python's `string`. */
export const stringModule = new Module(
  new Map([
    ["ascii_lowercase", lower],
    ["ascii_uppercase", upper],
    ["ascii_letters", lower + upper],
    ["digits", digits],
    ["hexdigits", `${digits}abcdefABCDEF`],
    ["octdigits", "01234567"],
    ["punctuation", punctuation],
    ["whitespace", whitespace],
    ["printable", digits + lower + upper + punctuation + whitespace],
  ]),
)
