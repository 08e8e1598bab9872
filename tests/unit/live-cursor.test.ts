import fc from "fast-check"
import { expect, test } from "vitest"
import { type Cursor, Cursors } from "../../gateways/query/live-cursor.ts"

const partitions = ["control-events/0", "data-ingestion/0", "data-ingestion/1", "data-ingestion/10"] as const
const cursors = new Cursors("secret", partitions)

const anOffset = fc.nat(Number.MAX_SAFE_INTEGER)
const aCursor: fc.Arbitrary<Cursor> = fc.record({
  next: fc
    .tuple(anOffset, anOffset, anOffset, anOffset)
    .map((offsets) => new Map(partitions.map((name, i) => [name, offsets[i]!]))),
  open: fc.option(fc.record({ partition: fc.constantFrom(...partitions), until: anOffset, told: anOffset })),
})

test("a cursor comes back as it was, in whatever order the partitions are named", () =>
  fc.assert(
    fc.property(aCursor, (cursor) => {
      expect(new Cursors("secret", [...partitions].reverse()).open(cursors.seal(cursor))).toEqual(cursor)
    }),
  ))

test("what was changed, cut, made with another secret or over other partitions is no cursor", () =>
  fc.assert(
    fc.property(aCursor, fc.nat(), fc.integer({ min: 1, max: 255 }), (cursor, at, by) => {
      const word = cursors.seal(cursor)
      const bytes = Buffer.from(word, "base64url")
      bytes[at % bytes.length]! ^= by
      expect(cursors.open(bytes.toString("base64url"))).toBeUndefined()
      expect(cursors.open(word.slice(0, -2))).toBeUndefined()
      expect(new Cursors("other", partitions).open(word)).toBeUndefined()
      expect(new Cursors("secret", partitions.slice(1)).open(word)).toBeUndefined()
    }),
  ))

test("no text at all is an error", () =>
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(cursors.open(text)).toBeUndefined()
    }),
  ))
