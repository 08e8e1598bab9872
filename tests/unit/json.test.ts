import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson, contextId } from "../../domain/context.ts"
import { byCodePoint, floatText, toJson } from "../../domain/json-text.ts"
import { parseJson } from "../../domain/json.ts"
import { Float, isMap, type Value } from "../../domain/value.ts"

const value = (text: string): Value => {
  const parsed = parseJson(text)
  if ("error" in parsed) throw new Error(parsed.error)
  return parsed.value
}
const error = (text: string, deepest = 128): string | undefined => {
  const parsed = parseJson(text, { deepest })
  return "error" in parsed ? parsed.error : undefined
}

describe("parseJson", () => {
  it.each<[string, Value]>([
    ["1", 1],
    ["-0", 0],
    ["1.0", new Float(1)],
    ["-0.0", new Float(-0)],
    ["1e5", new Float(100_000)],
    ["1.5E-3", 0.0015],
    ["1e400", Infinity],
    ["NaN", Number.NaN],
    ["-Infinity", -Infinity],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-123456789012345678901234567890", -123456789012345678901234567890n],
    [' [ true , false , null , "a" ] ', [true, false, null, "a"]],
    [String.raw`"\u0041\n\"\\\/\ud83d\ude00\ud800"`, 'A\n"\\/😀\ud800'],
  ])("reads %s", (text, expected) => expect(value(text)).toStrictEqual(expected))

  it("keeps the order of keys that look like integers, and __proto__ as a key", () => {
    const map = value('{"2":1,"1":2,"__proto__":3,"2":4}')
    expect(isMap(map) && [...map]).toStrictEqual([
      ["2", 4],
      ["1", 2],
      ["__proto__", 3],
    ])
  })

  // Each line was had from Python 3.11.
  it.each([
    ["not json", "Expecting value: line 1 column 1 (char 0)"],
    ["", "Expecting value: line 1 column 1 (char 0)"],
    ["[1,]", "Expecting value: line 1 column 4 (char 3)"],
    ['{"a":1,}', "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ['{"a":1 "b"}', "Expecting ',' delimiter: line 1 column 8 (char 7)"],
    ['"abc', "Unterminated string starting at: line 1 column 1 (char 0)"],
    ['"\\', "Unterminated string starting at: line 1 column 1 (char 0)"],
    ['"a\u0001"', "Invalid control character at: line 1 column 3 (char 2)"],
    [String.raw`"\x"`, String.raw`Invalid \escape: line 1 column 2 (char 1)`],
    [String.raw`"\u12g4"`, String.raw`Invalid \uXXXX escape: line 1 column 3 (char 2)`],
    ["01", "Extra data: line 1 column 2 (char 1)"],
    ["1.", "Extra data: line 1 column 2 (char 1)"],
    ["-", "Expecting value: line 1 column 1 (char 0)"],
    ["\ufeff1", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"],
    ["[", "Expecting value: line 1 column 2 (char 1)"],
    ['"😀" x', "Extra data: line 1 column 5 (char 4)"],
    ["\n\n x", "Expecting value: line 3 column 2 (char 3)"],
  ])("refuses %j as Python words it", (text, message) => expect(error(text)).toBe(message))

  it("refuses depth beyond the limit without using the stack for it", () => {
    expect(error("[".repeat(200_000))).toMatch(/^Nested deeper than 128 levels: /)
    expect(error('{"a":'.repeat(200_000))).toMatch(/^Nested deeper than 128 levels: /)
    expect(error("[[1]]", 2)).toBeUndefined()
    expect(error("[[[1]]]", 2)).toMatch(/^Nested deeper than 2 levels: /)
  })

  it("cuts what is beyond the limits where it is told to", () => {
    const cut = (text: string): unknown => parseJson(text, { deepest: 2, cut: true })
    expect(cut('[[1,[2,{"a]":"}"}],3],4]')).toEqual({ value: [[1, null, 3], 4] })
    expect(cut(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`)).toMatchObject({ value: new Map([["a", [null]]]) })
    expect(cut("[[[")).toEqual({ error: "Expecting value: line 1 column 4 (char 3)" })
    expect(cut(`-${"9".repeat(5000)}`)).toEqual({ value: BigInt(`-${"9".repeat(4299)}`) })
  })

  it("refuses integers that would take long to convert", () => {
    expect(error("9".repeat(4301))).toMatch(/^Integer of 4301 digits, at most 4300 are read: /)
    expect(error("9".repeat(4300))).toBeUndefined()
  })

  it("agrees with JSON.parse on all that JSON.parse reads", () =>
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plain(value(text))).toStrictEqual(JSON.parse(text))
      }),
    ))
})

/** What JSON.parse would give. Keys are set so that `__proto__` is one of them. */
const plain = (value: Value): unknown => {
  if (value instanceof Float) return value.value
  if (typeof value === "bigint") return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  return isMap(value) ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)])) : value
}

describe("toJson", () => {
  it.each([
    [1, "1.0"],
    [0.1, "0.1"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [1.5e-7, "1.5e-07"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [12345678901234567000, "1.2345678901234567e+19"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [5e-324, "5e-324"],
    [-0, "-0.0"],
  ])("writes the float %s as Python does", (number, text) => expect(floatText(number)).toBe(text))

  it("reads back what it wrote", () =>
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(value(toJson(value(text)))).toStrictEqual(value(text))
      }),
    ))

  it("writes what is not finite bare, or as null where asked", () => {
    expect(toJson([Number.NaN, Infinity, -Infinity])).toBe("[NaN,Infinity,-Infinity]")
    expect(toJson([Number.NaN, Infinity, 1.5], { nonFinite: "null" })).toBe("[null,null,1.5]")
  })

  it("sorts keys by code point, not by UTF-16 unit", () => {
    expect(["\u{1f600}", "\uffff", "a", "ab"].sort(byCodePoint)).toEqual(["a", "ab", "\uffff", "\u{1f600}"])
  })
})

describe("contextId", () => {
  // The cases are cut out as text: JSON.parse would read 1.0 as 1.
  const lines = readFileSync(new URL("../fixtures/golden/context_ids.json", import.meta.url), "utf8")
    .trim()
    .split("\n")
  const cases = value(lines.join("\n"))
  if (!Array.isArray(cases) || cases.length !== 12) throw new Error("12 cases expected")
  it.each((cases as readonly Value[]).map((item) => [toJson(item), item] as const))("golden %s", (_, item) => {
    if (!isMap(item)) throw new Error("a map expected")
    const context = item.get("context")
    expect(contextId(isMap(context) ? context : null)).toBe(item.get("id"))
    if (isMap(context) && context.size > 0) expect(canonicalJson(context)).toBe(item.get("canonical"))
  })
})
