import { describe, expect, it } from "vitest"
import { Float } from "../../domain/value.ts"
import { microsOf, microsOfText } from "../../domain/time.ts"

const at = 1_767_225_600_000_000

describe("a client's time", () => {
  it.each([
    ["2026-01-01T00:00:00Z", at],
    ["2026-01-01T00:00:00", at],
    ["2026-01-01 00:00", at],
    ["2026-01-01", at],
    ["2026-01-01T00:00:00.123456+00:00", at + 123_456],
    ["2026-01-01T00:00:00.5", at + 500_000],
    ["2026-01-01T00:00:00.1234567Z", at + 123_456],
    ["2026-01-01T02:30:00+02:30", at],
    ["2025-12-31T19:00:00-0500", at],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29) * 1000],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000_000],
  ])("%s is read", (text, micros) => expect(microsOfText(text)).toBe(micros))

  it.each([
    "",
    "2026-13-01T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00X",
    "2026-01-01T00:00:00+25:00",
    "2026-01-01T00:00:00Zx",
    "2026-01-01Z",
    "yesterday",
  ])("%j is refused", (text) => expect(microsOf(text)).toBeNaN())

  it("may be a number of seconds, or of milliseconds where it is beyond 2e10", () => {
    expect(microsOf(1_767_225_600)).toBe(at)
    expect(microsOf("1767225600")).toBe(at)
    expect(microsOf("1767225600.25")).toBe(at + 250_000)
    expect(microsOf(new Float(1_767_225_600))).toBe(at)
    expect(microsOf(1_767_225_600_000)).toBe(at)
    expect(microsOf(true)).toBeNaN()
    expect(microsOf(Number.NaN)).toBeNaN()
    expect(microsOf(null)).toBeNaN()
  })
})
