import { expect, test } from "vitest"
import { murmur2, partitionOf } from "../../domain/murmur2.ts"

// The values that Kafka's own tests expect (UtilsTest.testMurmur2).
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("murmur2 of %s is Kafka's", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

test("a partition is the hash without its sign, modulo the count", () => {
  expect(partitionOf(Buffer.from("21"), 6)).toBe((-973932308 & 0x7fffffff) % 6)
  expect(partitionOf(Buffer.from("abc"), 6)).toBe(479470107 % 6)
})
