import { createCipheriv, createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openBlobUri, sealBlobUri } from "../../gateways/query/blob-uri.ts"

interface Vector {
  readonly key: string
  readonly time: number
  readonly iv_hex: string
  readonly plaintext: string
  readonly token: string
}

const vectors = JSON.parse(readFileSync("tests/fixtures/golden/blob_uri.json", "utf8")) as readonly [Vector, Vector]
const secret = vectors[0].key

const aPlace = fc.record({
  runId: fc.string({ minLength: 1 }).filter((id) => !id.includes("__seqs__")),
  contextId: fc.integer({ min: 0, max: 0xffff_ffff }),
  name: fc.oneof(fc.string(), fc.constantFrom("my__name", "a__seqs__1__b", "x__3__4", "__", "строка\n")),
  step: fc.oneof(
    fc.nat(),
    fc.maxSafeInteger().map((step) => step || 0),
  ),
  index: fc.nat(),
})

/** A token rightly signed over any text or bytes. */
const signed = (ciphered: Buffer): string => {
  const body = Buffer.concat([Buffer.of(0x80), Buffer.alloc(24), ciphered])
  const mac = createHmac("sha256", Buffer.from(secret, "base64url").subarray(0, 16)).update(body).digest()
  return Buffer.concat([body, mac]).toString("base64url")
}

const signedText = (text: string): string => {
  const cipher = createCipheriv("aes-128-cbc", Buffer.from(secret, "base64url").subarray(16), Buffer.alloc(16))
  return signed(Buffer.concat([cipher.update(text), cipher.final()]))
}

describe("a blob URI", () => {
  it("is the token that the reference makes, and opens to its parts", () => {
    const runId = "a".repeat(32)
    const places = [
      { runId, contextId: 0, name: "img", step: 0, index: 0 },
      { runId, contextId: 1234567, name: "my__name", step: 42, index: 3 },
    ]
    for (const [i, vector] of vectors.entries()) {
      const place = places[i] ?? expect.fail("a new vector")
      const options = { seconds: vector.time, iv: Buffer.from(vector.iv_hex, "hex") }
      expect(sealBlobUri(place, vector.key, options)).toBe(vector.token)
      expect(openBlobUri(vector.token, vector.key)).toEqual(place)
    }
  })

  it("opens to what was sealed", () =>
    fc.assert(
      fc.property(aPlace, (place) => {
        expect(openBlobUri(sealBlobUri(place, secret), secret)).toEqual(place)
      }),
    ))

  it("never comes out alike twice", () => {
    const place = { runId: "r", contextId: 0, name: "n", step: 0, index: 0 }
    expect(sealBlobUri(place, secret)).not.toBe(sealBlobUri(place, secret))
  })

  it("does not open when any of its characters is another, or with another secret", () => {
    const { token } = vectors[0]
    const changed = (i: number): string => token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1)
    const body = token.replaceAll("=", "")
    for (let i = 0; i < body.length - 1; i += 1) expect(openBlobUri(changed(i), secret), `character ${i}`).toBeUndefined()
    for (const other of ["", "short", Buffer.alloc(32).toString("base64url")]) expect(openBlobUri(token, other)).toBeUndefined()
  })

  it("is refused, without throwing, when it is anything else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.constantFrom("", "=", "gAAAAA==")), (text) => {
        expect(openBlobUri(text, secret)).toBeUndefined()
      }),
    )
    expect(openBlobUri(signedText("r__seqs__0__n__1__2"), secret)?.step).toBe(1)
    for (const text of ["", "r__seqs__0__n__1", "r__seqs__x__n__1__2", "r__seqs__0__n__99999999999999999999__2"])
      expect(openBlobUri(signedText(text), secret), text).toBeUndefined()
    expect(openBlobUri(signed(Buffer.alloc(16)), secret)).toBeUndefined()
  })

  it("cannot be made with a secret of another size", () => {
    expect(() => sealBlobUri({ runId: "r", contextId: 0, name: "n", step: 0, index: 0 }, "")).toThrow(RangeError)
  })
})
