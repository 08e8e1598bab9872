import fc from "fast-check"
import { expect, it } from "vitest"
import { textOf } from "../../domain/short-text.ts"

it("a text that is decoded with a memory of others is the text of its bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 30 }), { maxLength: 200 }), (texts) => {
      for (const text of [...texts, ...texts.toReversed()]) {
        const bytes = Buffer.from(`<${text}>`)
        expect(textOf(bytes, 1, bytes.length - 1)).toBe(bytes.toString("utf8", 1, bytes.length - 1))
      }
    }),
  )
  // More texts than there are places, so that they meet in them.
  for (let i = 0; i < 10_000; i++)
    expect(textOf(Buffer.from(`name_${i % 5_000}`), 0, `name_${i % 5_000}`.length)).toBe(`name_${i % 5_000}`)
})
